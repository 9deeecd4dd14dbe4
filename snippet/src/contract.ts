// Written by write_contract.py from query/backsight/contract.py; do not edit.
export const WIRE_VERSION = 1;
export const MAX_EVENT_BYTES = 32768;
export const MAX_DEPTH = 512;
export const MAX_ID_CHARS = 256;
export const MAX_UNSURE = 64;
export const MAX_TEXT_CHARS = 255;
export const MAX_URL_CHARS = 2048;
export const MAX_ATTRIBUTE_CHARS = 1024;
export const FLAG_SHADOW = 1;
export const FLAG_QUIRKS = 2;
export const FLAG_DETACHED = 4;
export const CAPTURED = /^(aria-|data-|(action|alt|autocomplete|checked|class|contenteditable|dir|disabled|download|draggable|for|height|hidden|href|id|is|itemprop|itemtype|lang|method|multiple|name|open|part|placeholder|readonly|rel|required|role|selected|slot|src|tabindex|target|title|type|viewbox|width)$)/i;
