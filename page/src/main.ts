// Starts the page: a saved report that a link opens, or the site behind a key.

import { Api, Trouble, asTrouble } from "./api";
import type { App, Site } from "./app";
import { showDoor } from "./door";
import { fill, h } from "./element";
import { findKey, forgetKey, keepKey } from "./key";
import { failure, loading } from "./parts";
import { showShared } from "./reports/shared";
import { showShell } from "./shell";
import { startTheme } from "./theme";

const host = document.body;

async function open(key: string): Promise<void> {
  fill(host, h("main", { class: "middle" }, loading("Opening…")));
  const api = new Api(key);
  try {
    const site = await api.get<Site>("site");
    enter(api, site);
  } catch (error) {
    const trouble = asTrouble(error);
    if (trouble.status === 401) leave(trouble);
    else fill(host, h("main", { class: "middle" }, failure(trouble, () => void open(key))));
  }
}

function enter(api: Api, site: Site): void {
  const spoken = h("div", { class: "unseen", role: "status" });
  const app: App = {
    api,
    site,
    say: (words) => fill(spoken, words),
    may: (scope) => site.scopes.includes(scope),
  };
  showShell(app, host, spoken, () => leave());
}

/** Lets go of the key, and asks for another. */
function leave(why?: Trouble): void {
  forgetKey();
  showDoor(host, why, (key, onDevice) => {
    keepKey(key, onDevice);
    void open(key);
  });
}

startTheme();
if (/\/shared\/?$/.test(location.pathname)) {
  showShared(host);
} else {
  const key = findKey();
  if (key) void open(key);
  else leave();
}
