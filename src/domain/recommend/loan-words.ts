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
  ['arztpraxis|zahnarztpraxis|praxissoftware', 'medical practice'],
  ['(?:anwalts)?kanzlei|steuerbüro', 'law office'],
  ['firma|betrieb|entreprise|empresa', 'company'],
  ['arbeitsplätzen?|mitarbeitern?|mitarbeiterinnen|employés|empleados', 'employees'],
  ['schulen?|école|escuela', 'school'],
  ['fotos|familienfotos|fotografías', 'photos'],
  ['dateien|dokumente|fichiers|archivos', 'files'],
  ['onlineshop|online-shop|webshop|boutique en ligne|tienda (?:online|en línea)', 'online shop'],
  ['servidor(?:es)?', 'server'],
  ['bases? de datos', 'database'],
  ['pequeñ[oa]s?', 'small'],
  ['barat[oa]s?|económic[oa]s?', 'cheap'],
  ['sitio web|página web', 'website'],
  ['nombre de joueurs|joueurs|jugadores|spielern?', 'players'],
  ['utilisateurs|usuarios|benutzern?|nutzern?', 'users'],
  ['künstliche intelligenz|\\bki\\b', 'ai model'],
  ['buchhaltungssoftware', 'accounting software'],
  ['sicherung(?:en)?|datensicherung|sauvegardes?', 'backup'],
  ['übersetzen|kompilieren|compiler du code', 'compile'],
  ['für', 'for'],
  ['und', 'and'],
  ['mit|avec|con', 'with'],
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
