// Uncaught errors and rejected promises: what was said, and where.

import { effect } from "./effects";
import { masked } from "./masks";
import { MAX_URL_CHARS } from "./contract";
import { page, record } from "./page";
import { lose } from "./state";
import { tidy } from "./texts";
import { anonymous } from "./urls";

/** Of a page instance; further ones are counted. */
const MAX_ERRORS = 20;

/** The first place in a stack, as all browsers write it. */
const PLACE = /(\w+:\/\/[^\s)]+?):(\d+):(\d+)/;

interface Thrown {
  message?: unknown;
  stack?: unknown;
}

export function failed(event: ErrorEvent & { reason?: Thrown }): void {
  const { type, message, filename, lineno, colno, reason } = event;
  if (type === "error" && message === undefined) return; // A picture that did not load.
  effect("error_ms");
  if (!page) return;
  if (page._errors++ >= MAX_ERRORS) return lose("error");
  const said = `${message ?? reason?.message ?? reason}`;
  const [, source = "", line, column] = PLACE.exec(filename ? `${filename}:${lineno}:${colno}` : `${reason?.stack}`) ?? [];
  const kind = message === undefined ? "rejection" : type;
  record("error", () => ({
    props: { kind, message: tidy(said), source: masked(anonymous(source), MAX_URL_CHARS), line: +line!, column: +column! },
  }));
}
