/**
 * libvirt's XML, read into a tree that keeps the order of everything, changed, and written again. What we do not know
 * goes through untouched.
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

/** The outermost element. @throws Error when it is no XML. */
export function xmlParse(text: string): XmlNode {
  const [root] = (parser.parse(text) as Raw[]).map(nodeOf).filter(({ name }) => name !== '')
  if (!root) throw new Error('XML was expected')
  return root
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
