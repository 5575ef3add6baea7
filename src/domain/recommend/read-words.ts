/**
 * The words of a sentence that are requirements without a number: processors, operating systems, GPUs, disks, bare
 * metal; and the priority. A word that is denied ("no GPU", "without local disks") means its opposite.
 */
import { combined, type Requirements } from './requirements.ts'
import type { Understood } from './read-quantities.ts'

export type Priority = 'cost' | 'balanced' | 'speed' | 'host'

interface Rule {
  words: RegExp
  found: Requirements
  meaning: string
  /** What it means when it is denied; absent: nothing. */
  denied?: { found: Requirements; meaning: string }
}

const X86: Requirements = { architectures: ['x86_64'] }
const ARM: Requirements = { architectures: ['arm64'] }

const RULES: readonly Rule[] = [
  {
    words: /\b(?:graviton\d?|arm64|arm|aarch64)\b/,
    found: ARM,
    meaning: 'ARM processors (Graviton)',
    denied: { found: X86, meaning: 'x86 processors' },
  },
  {
    words: /\b(?:x86(?:[-_]64)?|amd64|x64)\b/,
    found: X86,
    meaning: 'x86 processors',
    denied: { found: ARM, meaning: 'ARM processors' },
  },
  {
    words: /\bintel\b|\bxeon\b/,
    found: { ...X86, cpuManufacturers: ['Intel'] },
    meaning: 'processors by Intel',
    denied: { found: { cpuManufacturers: ['AMD', 'AWS'] }, meaning: 'processors not by Intel' },
  },
  {
    words: /\bamd\b(?! ?(?:gpu|graphics|radeon))|\bepyc\b/,
    found: { ...X86, cpuManufacturers: ['AMD'] },
    meaning: 'processors by AMD',
    denied: { found: { cpuManufacturers: ['Intel', 'AWS'] }, meaning: 'processors not by AMD' },
  },
  {
    words:
      /\bwindows\b(?! of)|\bmicrosoft\b|\bsharepoint\b|\bexchange server\b|\bsql server\b|\bactive directory\b|\bexcel macros?\b|\b(?:asp)?\.net framework\b/,
    found: X86,
    meaning: 'Windows: x86 processors; its licence is not in the prices here',
  },
  {
    words: /\b(?:i386|i686|32[- ]?bit)\b/,
    found: { architectures: ['i386'], generations: ['current', 'previous'] },
    meaning: 'boots a 32-bit system, which only old types do',
  },
  {
    words: /\b(?:macos|mac os|xcode|ios app|iphone app|ipad app)\b/,
    found: { architectures: ['x86_64_mac', 'arm64_mac'], bareMetal: 'included' },
    meaning: 'macOS: Apple hardware',
  },
  {
    words: /\bgpus?\b|\b(?:graphics?|video|one|two|four|eight|single|\d+) cards?\b|\bcuda\b/,
    found: { acceleratorKinds: ['gpu'] },
    meaning: 'a GPU',
    denied: { found: { acceleratorKinds: 'none' }, meaning: 'no accelerators' },
  },
  {
    // "On CPU" where no GPU is spoken of.
    words:
      /^(?!.*\bgpus?\b).*?\b(?:(?:on|by) (?:the |an? |plain |ordinary )?cpus?|cpu[- ]only|only (?:on )?cpus?)\b/,
    found: { acceleratorKinds: 'none' },
    meaning: 'on processors alone: no accelerators',
  },
  {
    words: /\bnvidia\b|\bcuda\b|\bollama\b|\bllama\.cpp\b|\bcomfyui\b|\bautomatic1111\b/,
    found: { acceleratorVendors: ['NVIDIA'] },
    meaning: 'an accelerator by NVIDIA',
  },
  {
    words: /\bamd (?:gpu|graphics|radeon)\b|\bradeon\b/,
    found: { acceleratorKinds: ['gpu'], acceleratorVendors: ['AMD'] },
    meaning: 'a GPU by AMD',
  },
  {
    words: /\bvram\b|\bvideo (?:ram|memory)\b/,
    found: { acceleratorKinds: ['gpu'] },
    meaning: 'a GPU with memory of its own',
  },
  {
    words: /\bhardware[- ](?:encod|transcod|accelerat)\w+|\bnvenc\b|\bin hardware\b/,
    found: { acceleratorKinds: ['gpu', 'media'] },
    meaning: 'an accelerator that encodes',
    denied: { found: { acceleratorKinds: 'none' }, meaning: 'no accelerators' },
  },
  { words: /\bfpgas?\b/, found: { acceleratorKinds: ['fpga'] }, meaning: 'an FPGA' },
  {
    words: /\bbare[- ]?metal\b/,
    found: { bareMetal: 'required' },
    meaning: 'bare metal',
    denied: { found: { bareMetal: 'excluded' }, meaning: 'no bare metal' },
  },
  {
    words: /\b(?:burstable|cpu credits?|t[- ](?:series|family))\b/,
    found: { burstable: 'required' },
    meaning: 'burstable CPU',
    denied: { found: { burstable: 'excluded' }, meaning: 'no burstable CPU' },
  },
  {
    words:
      /\b(?:local|instance) (?:nvmes?|ssds?|disks?|storage|store)\b|\bephemeral (?:disk|storage)\b/,
    found: { localStorage: 'required' },
    meaning: 'local disks',
    denied: { found: { localStorage: 'excluded' }, meaning: 'no local disks' },
  },
  {
    words: /\blocal (?:nvmes?|ssds?)\b|\bnvme instance store\b/,
    found: { localStorage: 'required', localStorageTypes: ['ssd'] },
    meaning: 'local SSDs',
  },
  {
    words: /\b(?:hdds?|spinning|magnetic|hard (?:disks?|drives?))\b/,
    found: { localStorage: 'required', localStorageTypes: ['hdd'] },
    meaning: 'local hard disks',
  },
  {
    words: /\b(?:hibernat\w+)\b/,
    found: { needsHibernation: true },
    meaning: 'can hibernate',
  },
  {
    words: /\b(?:latest|newest|current) generations?\b/,
    found: { generations: ['current'] },
    meaning: 'current generation',
  },
  {
    words: /\bprevious generations?\b|\bold(?:er)? generations?\b/,
    found: { generations: ['previous'] },
    meaning: 'previous generation',
  },
]

const DENIAL =
  /(?:\bno|\bnot(?: an?| on| need(?:ing)?(?: an?)?)?|\bwithout(?: an?)?|\bnon-?|\bavoid|\bexcept|n't need(?: an?)?|n't want(?: an?)?|\binstead of|\bnothing (?:with|from|by|of)|\banything but)[ -](?:any |the |an? )?$/

export function wordsOf(text: string): { requirements: Requirements; understood: Understood[] } {
  let requirements: Requirements = {}
  const understood: Understood[] = []
  for (const rule of RULES) {
    const match = rule.words.exec(text)
    if (!match) continue
    const isDenied = DENIAL.test(text.slice(Math.max(0, match.index - 30), match.index))
    const meant = isDenied ? rule.denied : rule
    if (!meant) continue
    requirements = combined(requirements, meant.found)
    understood.push({ words: match[0], meaning: meant.meaning })
  }
  const named = namedTypes(text)
  if (named) {
    requirements = combined(requirements, { allowed: named.patterns })
    understood.push({ words: named.words, meaning: `only ${named.patterns.join(', ')}` })
  }
  return { requirements, understood }
}

/** "only r7g or r8g", "it must be a c7i.xlarge". Without such a word, a name is just talked about. */
function namedTypes(text: string): { words: string; patterns: string[] } | null {
  const type = String.raw`(?:[a-z]{1,3}\d[a-z]{0,4}|u-?\d+\w*)(?:-flex)?(?:\.[a-z0-9-]+)?`
  const pattern = new RegExp(
    String.raw`\b(?:only(?: an?)?|must be(?: an?)?|has to be(?: an?)?|restricted to) (${type}(?:(?:,| or|, or| and) ${type})*)`,
  )
  const match = pattern.exec(text)
  if (!match) return null
  const names = match[1]!.match(new RegExp(type, 'g')) ?? []
  const patterns = names
    .filter((name) => name.length >= 2 && /\d/.test(name))
    .map((name) => (name.includes('.') ? name : `${name}.*`))
  return patterns.length > 0 ? { words: match[0], patterns } : null
}

const COST =
  /\b(?:cheap(?:ly|er|est)?|low[- ]cost|low budget|inexpensive|affordable|econom\w+|frugal|tight budget|small budget|budget is tight|save money|as little (?:money )?as possible|least money|on a budget|shoestring|free|dirt cheap|penny|pennies|not expensive|not too expensive|not cost (?:much|a lot)|little money|cost[- ]effective|cost matters|cost is|bill low|costs? (?:low|down)|lowest price|money is)\b/
const SPEED =
  /\b(?:fast(?:er|est)?|speed|quick(?:ly|est)?|high[- ]performance|performance matters|maximum performance|high clock|low[- ]latency|latency (?:matters|is critical|counts)|latency[- ](?:sensitive|critical)|as fast as|no compromise)\b/
const HOST =
  /\b(?:fits? (?:on )?(?:this|my|the) (?:host|machine|laptop|computer|server|box)|runs? (?:here|on this (?:host|machine))|on (?:this|my own) (?:host|machine|hardware|laptop))\b/

/** Haste that is denied: then the price counts. */
const UNHURRIED =
  /\b(?:(?:doesn'?t|does not|don'?t|do not|need ?n[o']t) (?:have|need|has)? ?(?:to )?be (?:very |that |so |super |particularly )?(?:fast|quick)|(?:not|isn't|isnt) (?:that |very |so |super )?(?:fast|quick|urgent|time critical)|speed (?:is not|isn'?t|does not|doesn'?t) (?:important|matter)\w*|no (?:hurry|rush|haste)|can be slow|slow is (?:fine|ok|okay)|(?:not|n't) (?:need|care about) (?:much )?(?:speed|performance))\b/

export function priorityOf(text: string): { priority: Priority; words: string | null } {
  const unhurried = UNHURRIED.exec(text)
  if (unhurried && !HOST.test(text)) return { priority: 'cost', words: unhurried[0] }
  for (const [priority, pattern] of [
    ['host', HOST],
    ['cost', COST],
    ['speed', SPEED],
  ] as const) {
    const match = pattern.exec(text)
    if (match) return { priority, words: match[0] }
  }
  return { priority: 'balanced', words: null }
}
