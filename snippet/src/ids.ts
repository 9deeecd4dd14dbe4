/** 128 random bits in hex. Not crypto.randomUUID: that one exists only on secure origins. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1)).join("");
