// Personal data in texts, replaced before they are cut.

/** Base64url of `{"…`: a JSON web token, also one that was cut. */
const TOKEN = /\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g;

/** `@2x.png` is a picture for a dense screen. */
const EMAIL =
  /(?:[^\s@<>()[\]{}",;:/?&=%]|%2b){1,64}(?:@|%40)(?!\dx\.)[\p{L}\d](?:[\p{L}\d-]{0,62}\.)+[\p{L}][\p{L}\d-]+/giu;

/** Where an IBAN may begin, and how far it reaches when its groups of four are set apart. */
const IBAN = /\b(?=[a-z]{2}\d\d)/i;
const IBAN_SPAN = 42;
const WORDS = /^[a-z]{2}\d\d[a-z\d]*(?:[\s-][a-z\d]+)*/i;
const LAST_WORD = /[\s-]?[a-z\d]+$/i;

const SSN = /\b\d{3}([\s-])\d\d\1\d{4}\b/g;

/** Runs of 13 and more digits, in groups that white space, full stops or dashes divide. */
const DIGITS = /\d(?:[\s.\u2010-\u2015\u2212-]{0,3}\d){12,}/g;

/** Issuers' numbers begin with 3 to 9, or with 22 to 27; a time in milliseconds begins with 1. */
const ISSUED = /^(?=\d{13,19}$)(?:2[2-7]|[3-9])/;

/** Characters that are read of a text; masks need more than is kept. */
export const ENOUGH = 4_000;

/** A text, masked, then cut. */
export const masked = (text: string, length: number): string => mask(text.slice(0, ENOUGH)).slice(0, length);

export function mask(text: string): string {
  return text
    .replace(TOKEN, "[token]")
    .replace(EMAIL, "[email]")
    .split(IBAN)
    .map(maskIban)
    .join("")
    .replace(DIGITS, maskCards)
    .replace(SSN, "[ssn]");
}

/** The longest run of words, from the first on, that bears check digits. */
function maskIban(text: string): string {
  let words = WORDS.exec(text.slice(0, IBAN_SPAN))?.[0] ?? "";
  while (words && !hasCheckDigits(words.replace(/[\s-]/g, ""))) words = words.replace(LAST_WORD, "");
  return words ? "[iban]" + text.slice(words.length) : text;
}

/** ISO 13616: country and check digits go to the end, letters count from 10, modulo 97. */
function hasCheckDigits(account: string): boolean {
  const digits = (account.slice(4) + account.slice(0, 4)).replace(/\D/g, (letter) => `${parseInt(letter, 36)}`);
  return account.length > 14 && account.length < 35 && BigInt(digits) % 97n === 1n;
}

/** Cards begin and end where groups do, and their groups have three digits or more, but for the last. */
function maskCards(run: string): string {
  const parts = run.split(/(\D+)/);
  for (let first = 0; first < parts.length; first += 2) {
    let digits = "";
    for (let last = first; last < parts.length && digits.length < 19; last += 2) {
      digits += parts[last];
      if (ISSUED.test(digits) && luhn(digits)) {
        parts.splice(first, last - first + 1, "[card]");
        break;
      }
      if (parts[last]!.length < 3) break;
    }
  }
  return parts.join("");
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length; i--; ) {
    const doubled = +digits[i]! * ((digits.length - i) % 2 ? 1 : 2);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
