// Personal data in texts, replaced before they are cut.

/** Base64url of `{"…`: a JSON web token, also one that was cut. */
const TOKEN = /\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g;

/** `@2x.png` is a picture for a dense screen. */
const EMAIL =
  /(?:[^\s@<>()[\]{}",;:/?&=%]|%2b){1,64}(?:@|%40)(?!\dx\.(?:png|jpe?g|gif|webp|avif|svg)\b)[\p{L}\d](?:[\p{L}\d-]{0,62}\.)+[\p{L}][\p{L}\d-]+/giu;

/** Country and check digits; an account of 34 signs in groups of four spans 42 characters. */
const IBAN = /\b[a-z]{2}\d\d(?=[\s-]?[a-z\d])/gi;
const IBAN_SPAN = 42;

const SSN = /\b(?!000|666)[0-8]\d\d([ -])(?!00)\d\d\1(?!0000)\d{4}\b/g;

/** Runs of 13 and more digits, in groups that white space, full stops or dashes divide. */
const DIGITS = /\d(?:[\s.\u2010-\u2015\u2212-]{0,3}\d){12,}/g;

/** Issuers' numbers begin with 3 to 9, or with 22 to 27; a time in milliseconds begins with 1. */
const ISSUED = /^(?:2[2-7]|[3-9])\d{11,17}$/;

export function mask(text: string): string {
  return maskIbans(text.replace(TOKEN, "[token]").replace(EMAIL, "[email]"))
    .replace(DIGITS, maskCards)
    .replace(SSN, "[ssn]");
}

function maskIbans(text: string): string {
  let kept = "";
  let from = 0;
  for (const { index } of text.matchAll(IBAN)) {
    const length = index < from ? 0 : ibanLength(text.slice(index, index + IBAN_SPAN + 1));
    if (!length) continue;
    kept += text.slice(from, index) + "[iban]";
    from = index + length;
  }
  return kept + text.slice(from);
}

/** How many leading characters are an IBAN: up to where a word ends, with the right check digits. */
function ibanLength(text: string): number {
  for (let end = IBAN_SPAN; end > 14; end--) {
    const account = text.slice(0, end).replace(/[\s-]/g, "");
    if (/^[a-z\d]{15,34}$/i.test(account) && !/^[a-z\d]/i.test(text.slice(end)) && remainder(account) === 1) return Math.min(end, text.length);
  }
  return 0;
}

/** ISO 13616: country and check digits go to the end, letters count from 10, modulo 97. */
function remainder(account: string): number {
  let rest = 0;
  for (const sign of account.slice(4) + account.slice(0, 4)) {
    const value = parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
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
