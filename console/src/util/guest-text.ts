/** Text that a guest wrote, to be shown in a page: a log of its serial console, names of its files. Pure. */

// Sequences that a terminal would act on: CSI; OSC, DCS, PM, APC and SOS up to their end (or the line's, where a guest
// leaves it out); charsets; single characters.
const SEQUENCES =
  // oxlint-disable-next-line no-control-regex
  /\u001b\[[\x20-\x3f]*[\x40-\x7e]?|\u001b[\]PX^_][^\u0007\u001b\n]*(?:\u0007|\u001b\\)?|\u001b[\x20-\x2f]*[\x30-\x7e]?/g
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
/** They turn the words after them round, or are not seen. */
const HIDDEN = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** What a terminal would show of it, line by line. */
export function logText(text: string): string {
  return text.replace(SEQUENCES, '').replace(CONTROLS, '').replace(HIDDEN, '')
}

/** A name with all that is in it in sight: `invoice\u202efdp.exe` does not look like `invoiceexe.pdf`. */
export function visibleName(name: string): string {
  const shown = (one: string): string => `\\u${one.codePointAt(0)!.toString(16).padStart(4, '0')}`
  return name
    .replace(/[\t\n]/g, shown)
    .replace(CONTROLS, shown)
    .replace(HIDDEN, shown)
}
