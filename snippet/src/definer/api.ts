// Asks the API that stands next to the script. What goes wrong is said in words.

import { attempt } from "../attempt";

/** Something that the API, or the way to it, refused; its message is for people. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly status = 0,
  ) {
    super(message);
  }
}

export interface Asked<T> {
  answer: T;
  /** The version that was read or written, for `If-Match`. */
  etag: string | null;
}

interface Request {
  /** A body, or its JSON. */
  body?: object | string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** After so long an answer that did not come will hardly come. */
const PATIENCE_MS = 60_000;
const MOST_RETRY_S = 10;

export interface Api {
  ask<T>(method: string, path: string, request?: Request): Promise<Asked<T>>;
}

/** `refused` is called when the token is no good any more. */
export function apiAt(base: string, token: string, refused: (problem: Problem) => void): Api {
  async function ask<T>(method: string, path: string, request: Request = {}, again = true): Promise<Asked<T>> {
    const response = await send(`${base}v1/${path}`, method, token, request);
    if (response.ok) return { answer: (await readJson(response)) as T, etag: response.headers.get("etag") };
    const wait = Number(response.headers.get("retry-after") ?? NaN);
    if (again && response.status === 503 && wait <= MOST_RETRY_S) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
      return ask(method, path, request, false);
    }
    const problem = new Problem(wordsOf(response.status, await readJson(response)), response.status);
    if (response.status === 401) refused(problem);
    throw problem;
  }
  return { ask: (method, path, request) => ask(method, path, request) };
}

async function send(url: string, method: string, token: string, { body, headers, signal }: Request): Promise<Response> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), PATIENCE_MS);
  signal?.addEventListener("abort", () => ending.abort());
  try {
    return await fetch(url, {
      method,
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "origin", // A page's GET to its own origin says only there who asks.
      signal: ending.signal,
    });
  } catch {
    throw new Problem(
      signal?.aborted
        ? "Called off."
        : `Backsight at ${new URL(url).host} does not answer.`,
    );
  } finally {
    clearTimeout(timer);
  }
}

const readJson = async (response: Response): Promise<unknown> => {
  const text = await response.text().catch(() => "");
  return attempt(() => JSON.parse(text));
};

/** From a problem document (RFC 9457): what is wrong, where, and what would be right. */
function wordsOf(status: number, document: unknown): string {
  const { detail, field, valid, title } = (document ?? {}) as Record<string, unknown>;
  const said = detail ?? title;
  if (!said) return status === 413 ? "This page is too large to be looked at as a whole." : `Backsight answered with an error (${status}).`;
  const hint = valid ? ` Valid: ${String(valid)}.` : "";
  return `${field ? `${String(field)}: ` : ""}${String(said)}${hint}`.replace(/\.\.$/, ".");
}

/** Gives each question the chance to be overtaken: only the newest one's answer counts. */
export function newest(): () => AbortSignal {
  let last: AbortController | undefined;
  return () => {
    last?.abort();
    last = new AbortController();
    return last.signal;
  };
}
