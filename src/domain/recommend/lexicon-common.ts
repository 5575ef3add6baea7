/** Common words of six letters and more that are nobody's misspelling of a name in the lexicon. */
export const COMMON_WORDS: readonly string[] = `
about above access account across action active actual adding address advice afford after afternoon again against ahead
allow almost alone along already also always among amount another answer anyone anything anywhere appear around arrive
article artist asking autumn average become before begin behind being believe below better between beyond bigger billion
border borrow bottom bought branch bring broken brother brought browse budget building burden business button buying
called camera cannot carry cases catch caused center central centre certain chance change charge cheap cheaper cheapest
check children choice choose church circle claim class clean clear client close cloud coffee collect colleague college
column common company compare complete concern connect consider constant contain control convert cooler corner correct
could couple course create credit crowd current custom customer danger daughter decide deeper default degree deliver
demand depend design desire detail develop device differ dinner direct discover discuss doctor document dollar double
dozens driver during earlier easily effect effort either eleven employee empty enable energy engine english enough
ensure entire equal escape evening event everyone everything exactly example except excuse expect expense expensive
expert explain extra failed fairly family famous farmer faster fastest father feature figure filled final finger finish
folder follow forest forget format former forward fourth freely french friend frontend future garden gather general
gentle german given gladly global golden ground group growing handle happen harder hardly having health hearing heavy
height helper hidden higher highest history holiday honest hosted hosting hours house however hundred images imagine
impact important improve include increase indeed inside instead intend interest invite itself joined kitchen knowing
language largely larger largest latency later latest launch lawyer leader league learned leave length lesser letter level
library light limit linked listen little living locally locked longer losing lovely lower lowest machine machines mainly
making manage manager manual market master matter maximum meaning measure medium member mention message method middle
might million minimum minute mirror mobile modern moment monday money monthly months morning mostly mother mountain
moving muchly museum myself narrow nation nature nearby nearly needed nephew network neither nights nobody normal nothing
notice number object obtain obvious occupy october offer office officer often online opened option orange order ordered
orders ordinary other others outside overall owner paper parent partner passed people perhaps period person picture
pieces placed planet plenty please pocket points police policy popular portal possible powerful prefer prepare present
pretty price prices pricing printer private prize problem process product profit program project proper protect provide
public pupils purple purpose quarter question quick quickly quiet quite rather reader reading really reason recent record
reduce region regular related release remain remember remote remove repeat report request require research response
restaurant result return running sample saturday saving school schools screen season second secret section secure
selling senior separate series serious server servers service services setting settings several shared should shows
silent silver similar simple simply single sister slowly small smaller smallest smooth social soccer society software
solution somebody someone something sometimes somewhere source special speed spread spring stable staff standard start
started station steady still stored stores story street strong student students studio stupid subject such sudden suggest
summer sunday supply support surely surface system table tables taking talking target teacher team technical tennis
terabyte thanks their themselves there these thing things think third though thought thousand thread through throughput
ticket tight times today together tomorrow tonight total toward traffic travel trouble trying tunnel twelve twenty twice
typical unless until update upload using usual usually vacation value various vehicle version village visit visitor
voice volume waiting walking wanted watch weather website wedding weekend weekends weekly weight welcome whatever where
whether which while whole window windows winter within without woman wonder wooden working world worry worth would write
writer writes writing written yearly years yellow young yourself drives fences planes papers points plants patents
parking markets matches patches batches catches coding living streams streets stories stopped storage sending billing
`
  .trim()
  .split(/\s+/)
