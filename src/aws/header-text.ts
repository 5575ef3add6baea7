/** Node reads header values as Latin-1, clients write (and sign) UTF-8: the text that was meant. */
export function headerText(value: string): string {
  return /[\u0080-\u00ff]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value
}
