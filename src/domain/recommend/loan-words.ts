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

export function loansRead(text: string): string {
  let out = text
    // French counts bytes in octets; "4 to 8" is a range, "2 to de" are terabytes.
    .replaceAll(/(\d) ?go(?!\p{L})/gu, '$1 gb')
    .replaceAll(/(\d) ?mo(?= de(?!\p{L})| d')/gu, '$1 mb')
    .replaceAll(/(\d) ?to(?= de(?!\p{L})| d')/gu, '$1 tb')
  for (const [pattern, meaning] of PATTERNS) out = out.replaceAll(pattern, meaning)
  return out
}
