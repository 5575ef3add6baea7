/**
 * libvirt's XML, read into a tree that keeps the order of everything, changed, and written again. What we do not know
 * goes through untouched. It may be the word of a hypervisor that means harm: what is larger, deeper or of another form
 * than libvirt writes is refused before time or memory is spent on it.
 */
import { XMLBuilder, XMLParser } from 'fast-xml-parser'

export interface XmlNode {
  /** Empty for text. */
  name: string
  attributes: Readonly<Record<string, string>>
  children: readonly XmlNode[]
  text: string
}

const ATTRIBUTES = ':@'
const PREFIX = '@_'
const TEXT = '#text'

const OPTIONS = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: PREFIX,
  textNodeName: TEXT,
} as const

// Values stay the texts they are: a name of digits is a name. Entities of a document of its own are none of libvirt's.
const parser = new XMLParser({
  ...OPTIONS,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
})
const builder = new XMLBuilder({ ...OPTIONS, suppressEmptyNode: true, format: true })

type Raw = Record<string, unknown>

/** A domain with a hundred disks and devices has some 100 KiB. */
const CHARACTERS_MAX = 1024 * 1024
/** Of `<`: each becomes an object, and a document of nothing but elements is the dearest. */
const ELEMENTS_MAX = 50_000

/** The outermost element. @throws Error when it is no XML, or none of libvirt's. */
export function xmlParse(text: string): XmlNode {
  if (text.length > CHARACTERS_MAX || countOf(text, '<') > ELEMENTS_MAX) {
    throw new Error('a definition is larger than definitions are')
  }
  // libvirt writes none; with one, a document could define words that stand for others, and those for more.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text))
    throw new Error('XML with a document type was not expected')
  const [root] = (parser.parse(text) as Raw[]).map(nodeOf).filter(({ name }) => name !== '')
  if (!root) throw new Error('XML was expected')
  return root
}

function countOf(text: string, character: string): number {
  let count = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++
  return count
}

export function xmlRender(node: XmlNode): string {
  return String(builder.build([rawOf(node)]))
}

function nodeOf(raw: Raw): XmlNode {
  const name = Object.keys(raw).find((key) => key !== ATTRIBUTES) ?? TEXT
  if (name === TEXT) {
    return { name: '', attributes: {}, children: [], text: String(raw[TEXT] ?? '') }
  }
  const attributes = Object.entries((raw[ATTRIBUTES] ?? {}) as Raw)
  const children = (raw[name] as Raw[]).map(nodeOf)
  return {
    name,
    attributes: Object.fromEntries(
      attributes.map(([key, value]) => [key.slice(PREFIX.length), String(value)]),
    ),
    children,
    text: children.map((child) => (child.name === '' ? child.text : '')).join(''),
  }
}

function rawOf(node: XmlNode): Raw {
  if (node.name === '') return { [TEXT]: node.text }
  const attributes = Object.entries(node.attributes)
  return {
    [node.name]: node.children.map(rawOf),
    ...(attributes.length > 0 && {
      [ATTRIBUTES]: Object.fromEntries(
        attributes.map(([key, value]) => [`${PREFIX}${key}`, value]),
      ),
    }),
  }
}

export function element(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (XmlNode | string)[]
): XmlNode {
  const nodes = children.map((child) =>
    typeof child === 'string' ? { name: '', attributes: {}, children: [], text: child } : child,
  )
  return { name, attributes, children: nodes, text: nodes.map((one) => one.text).join('') }
}

/** Everything below, by the names on the way: `all(domain, 'devices', 'disk')`. */
export function all(node: XmlNode, ...path: readonly string[]): XmlNode[] {
  return path.reduce<XmlNode[]>(
    (nodes, name) => nodes.flatMap((one) => one.children.filter((child) => child.name === name)),
    [node],
  )
}

export function first(node: XmlNode, ...path: readonly string[]): XmlNode | undefined {
  return all(node, ...path)[0]
}

export const textAt = (node: XmlNode, ...path: readonly string[]): string =>
  first(node, ...path)?.text.trim() ?? ''
