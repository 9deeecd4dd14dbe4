// Personal data in texts, replaced before they are cut.

/** Base64url of `{"…`: a JSON web token, also one that was cut. */
const TOKEN = /\beyJ[\w-]{8,}\.[\w.-]*/g;

/** `@2x.png` is a picture for a dense screen. */
const EMAIL = /("[^"]+"|[^\s@<>()[\]{}",;:/?&=]{1,64})@(?!\dx\.)([\p{L}\d-]{1,63}\.)+\p{L}[\p{L}\d-]+/giu;

/**
 * What may be a card or an IBAN. A card's groups may be set apart by up to three spaces (which are plus signs in
 * addresses), full stops, dashes or characters without width; an IBAN's only by a space, since UUIDs look like it.
 * RF begins an invoice's reference, with the same check digits.
 */
const NUMBER = /(?:^|\D)(\d([\s.+\xad\u2000-\u2212-]{0,3}\d){12,18}(?!\d)|\b(?!rf)[a-z]{2}\d\d([\s+]?[a-z\d]){11,30}\b)/i;
const SSN = /\b\d{3}([\s.+\xad\u2000-\u2212-])\d\d\1\d{4}\b/g;

/** A card's groups have three digits or more, but for the last. */
const GROUPS = /^(\d{3,}\D+)*\d+$/;

/** How issuers' numbers begin, and how long they are then at least; a time in milliseconds begins with 1. */
const ISSUED = /^(4.{12}|3.{13}|(2[2-7]|[5-9]).{14})/;

/** Characters that are read of a text; masks need more than is kept. */
export const ENOUGH = 4_000;

/**
 * A text, masked, then cut. Digits and spaces have other forms, in addresses, too; a text without personal data stays
 * as it was.
 */
export function masked(text: string, length?: number): string {
  text = text.slice(0, ENOUGH);
  const plain = text.normalize("NFKC").replace(/%[2-7]\w/g, unescape);
  const safe = maskNumbers(plain.replace(TOKEN, "[token]").replace(EMAIL, "[email]")).replace(SSN, "[ssn]");
  return (safe === plain ? text : safe).slice(0, length);
}

/** The longest run of groups that is a card or an IBAN, from each group on. */
function maskNumbers(text: string): string {
  let safe = "";
  let run;
  let name;
  for (let found; (found = NUMBER.exec(text)); ) {
    run = found[1]!;
    while (run && !(name = kindOf(run, run.replace(/\W/g, "")))) run = run.replace(/\W*\w+$/, "");
    run ||= /\d*./.exec(found[1]!)![0];
    const [before] = text.split(run, 1);
    safe += before! + (name || run);
    text = text.slice(before!.length + run.length);
  }
  return safe + text;
}

/**
 * IBAN: country and check digits go to the end, letters count from 10, modulo 97 (ISO 13616). Card: from the end, every
 * second digit is doubled, and its digits added (Luhn).
 */
const kindOf = (run: string, plain: string): string | false | undefined =>
  plain > "A"
    ? plain[14] &&
      BigInt((plain.slice(4) + plain.slice(0, 4)).replace(/\D/g, (letter) => `${parseInt(letter, 36)}`)) % 97n == 1n &&
      "[iban]"
    : GROUPS.test(run) &&
      ISSUED.test(plain) &&
      [...plain].reverse().reduce((sum, digit, i) => sum + +(i % 2 ? "0246813579"[+digit]! : digit), 0) % 10 == 0 &&
      "[card]";
