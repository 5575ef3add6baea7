/** One word for a POSIX shell. For commands that only a remote shell reads; locally arguments are arrays. */
export function shellQuote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** A command line that a remote shell splits into exactly these words. */
export function shellJoin(words: readonly string[]): string {
  return words.map(shellQuote).join(' ')
}
