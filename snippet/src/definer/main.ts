// The point-and-click definer: loaded by the core in a tab that bears a token of `backsight define`, kept across its pages
// until it is closed. See docs/how-to/define-events.md.

import { global } from "../global";
import { apiAt, Problem } from "./api";
import type { Permission } from "./answers";
import { define } from "./definer";
import { badgeLayer, layer } from "./frames";
import { leave, shadow, stand } from "./host";
import { returnFocus, startHearing, stopHearing } from "./hearing";
import { h } from "./markup";
import { newLink, notice } from "./notice";
import { button } from "./parts";
import { forget } from "./view";

/** What the browser keeps from a page of another origin looks like no answer at all. */
const ELSEWHERE = "A link works only on pages of the address that it was made for, and where the page's content policy lets it connect to Backsight.";

/** A link that takes longer to check than this says so. */
const QUICK_MS = 600;

const { token, base } = global;
let stop: (() => void) | undefined;

function close(): void {
  returnFocus();
  end();
  leave();
  stopHearing();
}

/** The link is of no use any more: only words stay. */
function end(): void {
  stop?.();
  stop = undefined;
  forget();
  delete global.token;
}

function say(card: HTMLElement): void {
  shadow.replaceChildren(card);
}

async function begin(): Promise<void> {
  const checking = setTimeout(() => say(notice(close, h("p", {}, "Checking the link…"))), QUICK_MS);
  const api = apiAt(base!, token!, (problem) => {
    end();
    say(notice(close, ...newLink(problem.message)));
  });
  try {
    const { answer } = await api.ask<Permission>("GET", "definer");
    shadow.replaceChildren(layer, badgeLayer);
    stop = define(api, answer, close).stop;
  } catch (error) {
    const { status, message } = error as Problem;
    if (status === 403) end();
    if (status === 403) say(notice(close, ...newLink(message)));
    else if (status !== 401) say(notice(close, h("h2", {}, "The definer can't start"), h("p", {}, message), !status && h("p", { class: "muted" }, ELSEWHERE), button("Try again", () => void begin())));
  } finally {
    clearTimeout(checking);
  }
}

if (token && base) {
  startHearing();
  stand();
  void begin();
}

