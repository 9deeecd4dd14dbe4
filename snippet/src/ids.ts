/** 128 random bits. Not crypto.randomUUID: that one exists only on secure origins. */
export const newId = (): string =>
  crypto.getRandomValues(new Uint32Array(4)).join("");
