// The HTTP API, as this page asks it. Everything that the page does can be done with it by anybody who has a key.

export type Json = Record<string, unknown>;

/** What went wrong, as the API says it; status 0: it could not be reached. */
export class Trouble extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly valid = "",
    readonly after = 0,
  ) {
    super(detail);
  }
}

export interface Asked {
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export class Api {
  constructor(readonly key: string) {}

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.ask<T>("GET", path, signal ? { signal } : {});
  }

  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return this.ask<T>("POST", path, signal ? { body, signal } : { body });
  }

  /** The answer's JSON, undefined where there is none. Throws Trouble; an AbortError where the signal fell. */
  async ask<T>(method: string, path: string, { body, signal, headers }: Asked = {}): Promise<T> {
    const response = await fetch(addressOf(path), {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      cache: "no-store",
      credentials: "omit",
    }).catch(unreached);
    if (!response.ok) throw await troubleOf(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}

/** Where the API is: beside this page, wherever that is mounted. */
export const addressOf = (path: string): string => new URL(`v1/${path}`, document.baseURI).href;

/** A name as it stands in a path. */
export const inPath = (name: string): string => encodeURIComponent(name);

/** Whether something was only called off. */
export const isCalledOff = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

export const asTrouble = (error: unknown): Trouble => (error instanceof Trouble ? error : new Trouble(-1, String(error)));

function unreached(error: unknown): never {
  if (isCalledOff(error)) throw error;
  throw new Trouble(0, "The server can't be reached.");
}

async function troubleOf(response: Response): Promise<Trouble> {
  const after = Number(response.headers.get("retry-after")) || 0;
  try {
    const { detail, valid } = (await response.json()) as { detail?: string; valid?: string };
    return new Trouble(response.status, detail ?? "", valid ?? "", after);
  } catch {
    return new Trouble(response.status, `The server answered with status ${response.status}.`, "", after);
  }
}
