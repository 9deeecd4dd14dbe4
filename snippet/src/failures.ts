// Uncaught errors and rejected promises: what was said, and where.

import { attempt } from "./attempt";
import { MAX_URL_CHARS } from "./contract";
import { core, onLeaving } from "./core";
import { ENOUGH, masked } from "./masks";
import { tidy } from "./texts";
import { anonymous } from "./urls";

/** Of a page instance; further ones are counted. */
const MAX_ERRORS = 20;

/** The first place in a stack, as all browsers write it. It begins a word: else a long one would be looked through again and again. */
const PLACE = /(\b\w+:\/\/[^\s)]+?):(\d+):(\d+)/;

type Failure = ErrorEvent & { reason?: { message?: unknown; stack?: unknown } };

let told = 0;

/** Tells of the errors that came before this part, and of all that follow; of the latter, `noticed` is called. */
export function tellErrors(noticed: () => void): void {
  const kept = core.errors as Failure[];
  onLeaving(() => (told = 0));
  core.errors = {
    push(event: Failure) {
      noticed();
      tell(event);
    },
  };
  for (const event of kept) if (attempt(() => tell(event) ?? true) === undefined) core.lose("handler");
}

function tell(event: Failure): void {
  const { type, timeStamp, message, filename, lineno, colno, reason } = event;
  if (type === "error" && message === undefined) return; // Not one of the browser's.
  if (told++ >= MAX_ERRORS) return core.lose("error");
  const said = attempt(() => `${message ?? reason?.message ?? reason}`) ?? "";
  // A stack may begin with what was said, which may be as long as a page likes.
  const place = filename ? `${filename}:${lineno}:${colno}` : attempt(() => `${reason?.stack}`.replace(said, ""));
  const [, source = "", line, column] = PLACE.exec(`${place}`.slice(0, ENOUGH)) ?? [];
  const kind = message === undefined ? "rejection" : type;
  core.record("error", null, {
    time: Math.round(Date.now() - performance.now() + timeStamp),
    props: { kind, message: tidy(said), source: masked(anonymous(source), MAX_URL_CHARS), line: +line!, column: +column! },
  });
}
