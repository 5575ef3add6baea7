/**
 * Words as people really type them: those of German and French that a question about machines needs, and names that
 * are one letter off. Pure. What is not known here stays as it is.
 */
const LOANS: readonly (readonly [string, string])[] = [
  ['arbeitsspeicher|speicherbedarf|mémoire(?: vive)?', 'memory'],
  ['datenbank(?:en)?|bases? de données', 'database'],
  ['webserver|serveurs? web', 'web server'],
  ['webseite|website|homepage|site web|internetseite', 'website'],
  ['verein', 'club'],
  ['günstig(?:e[rsnm]?|st(?:e[rsn]?)?)?|billig(?:e[rsnm]?|st(?:e[rsn]?)?)?|preiswert', 'cheap'],
  ['(?:pas|moins) chère?|bon marché|économique', 'cheap'],
  ['kleine[rsnm]?|petite?s?', 'small'],
  ['große[rsnm]?|grande?s?', 'large'],
  ['schnelle?[rsnm]?|rapides?', 'fast'],
  ['prozessorkerne|kerne|cœurs|coeurs', 'cores'],
  ['grafikkarten?|cartes? graphiques?', 'gpu'],
  ['festplatten?|disques? durs?', 'hard disks'],
  ['ohne|sans', 'without'],
  ['keine?[rnm]?|aucune?', 'no'],
  ['mindestens|au moins', 'at least'],
  ['höchstens|au plus|au maximum', 'at most'],
  ['(?:pro|im) monat|par mois', 'per month'],
  ['(?:pro|die) stunde|par heure', 'per hour'],
  ['spieleserver|serveurs? de jeu', 'game server'],
  ['buchhaltung|comptabilité', 'accounting'],
]

const PATTERNS = LOANS.map(
  ([words, meaning]) => [new RegExp(`(?<!\\p{L})(?:${words})(?!\\p{L})`, 'gu'), meaning] as const,
)

/** Names that are misspelt often: long enough that a letter more or less is no other word. */
const NAMES = [
  ...['cassandra', 'clickhouse', 'confluence', 'container', 'containers', 'database', 'databases'],
  ...['elasticsearch', 'grafana', 'inference', 'jenkins', 'kubernetes', 'mariadb', 'memcached'],
  ...['minecraft', 'mongodb', 'nextcloud', 'opensearch', 'postgres', 'postgresql', 'prometheus'],
  ...['rabbitmq', 'transcoding', 'website', 'websites', 'wordpress', 'workstation'],
]
const KNOWN = new Set(NAMES)
const NAME_LENGTH_MIN = 7

export function loansRead(text: string): string {
  let out = text
    // French counts bytes in octets; "4 to 8" is a range, "2 to de" are terabytes.
    .replaceAll(/(\d) ?go(?!\p{L})/gu, '$1 gb')
    .replaceAll(/(\d) ?mo(?= de(?!\p{L})| d')/gu, '$1 mb')
    .replaceAll(/(\d) ?to(?= de(?!\p{L})| d')/gu, '$1 tb')
  for (const [pattern, meaning] of PATTERNS) out = out.replaceAll(pattern, meaning)
  return out.replaceAll(/\p{L}+/gu, (word) => {
    if (word.length < NAME_LENGTH_MIN - 1 || KNOWN.has(word)) return word
    return NAMES.find((name) => name.length >= NAME_LENGTH_MIN && isOneOff(word, name)) ?? word
  })
}

/** One letter more, less or another, or two changed over. */
function isOneOff(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end))
    end++
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  if (left.length <= 1 && right.length <= 1) return true
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]
}
