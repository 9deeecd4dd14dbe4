// Stored batches: `backsight:ID`, each "UNTIL[!] BODY": until when a page claims it (0: nobody), `!` if the browser was
// given it as that page ended.

export const PREFIX = "backsight:";
export const CLAIM_MS = 60_000;
