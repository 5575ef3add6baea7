/**
 * The amounts in a sentence as requirements: how many vCPUs, how much memory, of which disk, for what price. Each is
 * reported with the words it was read from, so that a person sees what was understood and what was not.
 */
import { amountsOf, type Amount } from './numbers.ts'
import { combined, type Range, type Requirements } from './requirements.ts'

export interface Understood {
  words: string
  meaning: string
}

/** What is not a requirement but says how large the machine should be. */
export interface Hints {
  /** Data that is kept, GB; where is not said. */
  dataGB?: number
  /** Data that is to be in memory, GB. */
  hotGB?: number
  /** Writes to disk a second. */
  writesPerSecond?: number
  /** Of a model, in thousands of millions. */
  parametersBillion?: number
}

export interface Quantities {
  requirements: Requirements
  hints: Hints
  understood: Understood[]
}

type Kind = 'gpu' | 'local' | 'hot' | 'memory' | 'data'

/** Words that tell what an amount of bytes is of; in this order where they stand after it. */
const KINDS: readonly [Kind, RegExp][] = [
  [
    'gpu',
    /\b(?:gpus?|(?:graphics|video|nvidia) cards?|vram|video memory|video ram|graphics|accelerators?|h100s?|a100s?)\b/g,
  ],
  [
    'hot',
    /\b(?:hot|touched|active data|active set|accessed (?:daily|often|every day)|in daily use|working set|keys?|cached?|memcached?|redis|valkey|sessions)\b/g,
  ],
  ['memory', /\b(?:ram|hana|mem|memory|in-memory(?: databases?)?|heap|dataframes?|jvm)\b/g],
  [
    'local',
    /\b(?:local|ssds?|nvme|hdds?|scratch|(?:spinning|hard|magnetic)(?: disks?| drives?)?|instance store|ephemeral)\b/g,
  ],
  [
    'data',
    /\b(?:data|databases?|db|files?|documents|ebs|s3|storage|archive|disks?|tables?|mysql|mariadb|postgres(?:ql)?|mongo(?:db)?|oracle|volumes?)\b/g,
  ],
]

const BYTES =
  '(tib|tb|terabytes?|t(?=\\s+of)|gib|gb|gigabytes?|gigs?|g(?=\\s+(?:of\\s+)?(?:ram|mem))|mib|mb|megabytes?)(?![a-z]|\\/s|\\s*per\\s+s)'

function gigabytes(value: number, unit: string): number {
  if (unit.startsWith('t')) return value * 1024
  return unit.startsWith('m') ? value / 1024 : value
}

function kindOf(amount: Amount): Kind {
  for (const [kind, pattern] of KINDS) if (amount.after.search(pattern) >= 0) return kind
  let nearest: Kind | undefined
  let at = -1
  for (const [kind, pattern] of KINDS) {
    for (const match of amount.before.matchAll(pattern)) {
      const end = match.index + match[0].length
      if (end <= at) continue
      at = end
      nearest = kind
    }
  }
  // "4 cores and 16 gigs" speaks of memory, "2 TB" of data.
  return nearest ?? (amount.value >= 1024 ? 'data' : 'memory')
}

function rangeOf({ value, bound }: Pick<Amount, 'value' | 'bound'>, factor = 1): Range {
  const scaled = value * factor
  if (bound === 'exact') return { min: scaled, max: scaled }
  return bound === 'max' ? { max: scaled } : { min: scaled }
}

const EACH_CORE = /^ *(?:of )?(?:ram |memory )?(?:per|a|each|\/) *(?:v?cpus?|cores?|threads?)\b/

const BOUND_WORDS = { min: 'at least', max: 'at most', exact: 'exactly' } as const

export function quantitiesOf(text: string): Quantities {
  const out: Quantities = { requirements: {}, hints: {}, understood: [] }
  const add = (amount: Amount, found: Requirements, meaning: string): void => {
    out.requirements = combined(out.requirements, found)
    out.understood.push({ words: amount.words, meaning })
  }
  for (const amount of amountsOf(text, 'v?cpus?\\b|cores?\\b|processors?\\b|threads?\\b', same)) {
    const cores = between(text, amount)
    add(amount, { vcpus: cores }, `${boundsWords(cores)} vCPUs`)
  }
  for (const amount of amountsOf(text, BYTES, gigabytes)) {
    if (!EACH_CORE.test(amount.after)) bytesAdd(out, text, amount, add)
    else if (!/^(?:gpu|vram)/.test(kindOf(amount))) {
      const found = { memoryGiBPerVcpu: { min: amount.value * 0.97 } }
      add(amount, found, `at least ${amount.value} GB of memory for each vCPU`)
    }
  }
  for (const amount of amountsOf(text, '(?:gbps|gbits?(?:\\/s)?|gigabits?)(?![a-z])', same)) {
    // What is asked for is wanted at all times; nobody asks for a ceiling of it.
    add(amount, { networkGbps: { min: amount.value } }, `${amount.value} Gbit/s of network`)
  }
  for (const amount of amountsOf(text, '(mb|mib|gb|gib)(?:\\/s|\\s+(?:per|a) second)', mbps)) {
    add(amount, { ebsMBps: { min: amount.value } }, `${amount.value} MB/s of disk`)
  }
  iopsAdd(text, out, add)
  for (const amount of amountsOf(
    text,
    '(?:writes?|inserts?|updates?|transactions?|tps)(?![a-z])',
    same,
  )) {
    out.hints.writesPerSecond = amount.value
    out.understood.push({
      words: amount.words,
      meaning: `about ${amount.value * 2} IOPS to disk (each write and its log)`,
    })
  }
  const model = /\b(\d+(?:\.\d+)?) ?b\b(?! ?\/)/.exec(text)
  if (model) {
    out.hints.parametersBillion = Number(model[1])
    out.understood.push({
      words: model[0],
      meaning: `a model of ${model[1]} billion parameters`,
    })
  }
  acceleratorCountAdd(text, add)
  priceAdd(text, out)
  return out
}

function scaledBy({ min, max }: Range, factor: number): Range {
  return {
    ...(min !== undefined && { min: min * factor }),
    ...(max !== undefined && { max: max * factor }),
  }
}

function same(value: number): number {
  return value
}

function mbps(value: number, unit: string): number {
  return unit.startsWith('g') ? value * 1000 : value
}

function boundsWords({ min, max }: Range): string {
  if (min !== undefined && max !== undefined)
    return min === max ? `exactly ${min}` : `${min} to ${max}`
  return min === undefined ? `at most ${max}` : `at least ${min}`
}

/** "4-8 cores", "between 4 and 8 vCPUs": the first number stands right before the second. */
function between(text: string, amount: Amount): Range {
  const before = text.slice(Math.max(0, amount.index - 16), amount.index)
  const first = /(\d+(?:\.\d+)?)\s*(?:-|–|to|and)\s*$/.exec(before)
  // It has the unit of the second.
  const unit = amount.value / Number(/^[\d.]+/.exec(amount.words)![0])
  const least = first ? Number(first[1]) * unit : Infinity
  return least < amount.value ? { min: least, max: amount.value } : rangeOf(amount)
}

function bytesAdd(
  out: Quantities,
  text: string,
  amount: Amount,
  add: (amount: Amount, found: Requirements, meaning: string) => void,
): void {
  const { value, bound } = amount
  const size = value >= 1024 ? `${value / 1024} TB` : `${value} GB`
  switch (kindOf(amount)) {
    case 'gpu':
      // Makers count GPU memory in decimal gigabytes; 0.2 % less is the same product.
      return add(
        amount,
        { acceleratorMiB: rangeOf(amount, 952), acceleratorCount: { min: 0.1 } },
        `${BOUND_WORDS[bound]} ${size} of GPU memory`,
      )
    case 'memory': {
      const range = between(text, amount)
      const memoryMiB = scaledBy(range, 1024)
      const isBetween = range.min !== undefined && range.max !== undefined && bound !== 'exact'
      const words = isBetween ? `${boundsWords(range)} GB` : `${BOUND_WORDS[bound]} ${size}`
      return add(amount, { memoryMiB }, `${words} of memory`)
    }
    case 'hot':
      out.hints.hotGB = value
      return add(
        amount,
        { memoryMiB: { min: value * 1024 } },
        `${size} that should be in memory, with room beside it`,
      )
    case 'local':
      return add(
        amount,
        { localStorageGB: rangeOf({ value, bound }, value >= 1024 ? 1000 / 1024 : 1) },
        `${BOUND_WORDS[bound]} ${size} of local storage`,
      )
    case 'data':
      out.hints.dataGB = value
      out.understood.push({ words: amount.words, meaning: `${size} of data` })
  }
}

function iopsAdd(
  text: string,
  out: Quantities,
  add: (amount: Amount, found: Requirements, meaning: string) => void,
): void {
  for (const amount of amountsOf(text, 'iops\\b', same)) {
    const isLocal = /\b(?:local|ssd|nvme|scratch|instance store)\b/.test(text)
    if (!isLocal) {
      add(amount, { ebsIops: { min: amount.value } }, `${amount.value} IOPS to EBS at all times`)
      continue
    }
    out.understood.push({
      words: amount.words,
      meaning:
        `${amount.value} IOPS of local SSDs: AWS publishes no figure in this catalogue, ` +
        'so it could not be checked',
    })
  }
}

const MODELS: readonly [RegExp, string[]][] = [
  [/\bh100s?\b/, ['H100']],
  [/\bh200s?\b/, ['H200']],
  [/\bb200s?\b/, ['B200']],
  [/\bb300s?\b/, ['B300']],
  [/\ba100s?\b/, ['A100']],
  [/\bv100s?\b/, ['V100']],
  [/\ba10g?s?\b/, ['A10G']],
  [/\bl40s\b/, ['L40S']],
  [/\bl4s?\b/, ['L4']],
  [/\bt4s?\b/, ['T4', 'T4g']],
  [/\brtx pro\b/, ['RTX PRO Server 6000']],
  [/\binferentia ?2\b/, ['Inferentia2']],
  [/\binferentia\b/, ['Inferentia', 'Inferentia2']],
  [/\btrainium ?2\b/, ['Trainium2']],
  [/\btrainium\b/, ['Trainium', 'Trainium2']],
  [/\bgaudi\b/, ['Gaudi HL-205']],
]

function acceleratorCountAdd(
  text: string,
  add: (amount: Amount, found: Requirements, meaning: string) => void,
): void {
  const units =
    '(?:nvidia |amd )?(?:gpus?|(?:graphics |video )?cards?|accelerators?|h100s?|h200s?|b200s?|a100s?|v100s?|a10gs?|l40s|l4s?|t4s?|trainiums?|inferentias?)(?![a-z0-9])'
  for (const amount of amountsOf(text, units, same)) {
    const range = rangeOf(amount)
    add(amount, { acceleratorCount: range }, `${boundsWords(range)} accelerators`)
  }
  for (const [pattern, names] of MODELS) {
    const found = pattern.exec(text)
    if (!found) continue
    const amount = { words: found[0] } as Amount
    return add(amount, { acceleratorNames: names }, `accelerator ${names.join(' or ')}`)
  }
}

const HOURS = { hour: 1, hr: 1, h: 1, day: 24, month: 730, mo: 730, year: 8760, yr: 8760 }

const ADVERBS: Readonly<Record<string, string>> = {
  hourly: 'hour',
  daily: 'day',
  monthly: 'month',
  yearly: 'year',
}

function priceAdd(text: string, out: Quantities): void {
  const pattern =
    /(\$|usd|us\$|€|eur)?\s*(\d+(?:\.\d+)?)\s*(dollars?|usd|\$|cents?|bucks|¢|euros?|eur|€)?\s*(?:(?:an|per|a|\/|each|every)\s*(hour|hr|h|day|month|mo|year|yr)|(hourly|daily|monthly|yearly))\b/g
  for (const match of text.matchAll(pattern)) {
    const [words, sign, number, unit, each, adverb] = match
    const period = each ?? ADVERBS[adverb!]!
    if (sign === undefined && unit === undefined) continue
    const hours = HOURS[period as keyof typeof HOURS]
    const dollars = Number(number) * (unit?.startsWith('cent') || unit === '¢' ? 0.01 : 1)
    const max = Number((dollars / hours).toPrecision(6))
    out.requirements = combined(out.requirements, { usdPerHour: { max } })
    const isEuro = [sign, unit].some((one) => one?.startsWith('eur') || one === '€')
    const note = isEuro ? ', a euro taken as a dollar: rates of exchange are not known here' : ''
    out.understood.push({ words: words.trim(), meaning: `at most $${max} an hour${note}` })
  }
  if (/£|\b(?:pounds?|gbp)\b/.test(text)) {
    out.understood.push({
      words: 'another currency',
      meaning: 'not used: prices here are in US dollars',
    })
  }
}
