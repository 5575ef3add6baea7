/**
 * The policies that AWS manages (`arn:aws:iam::aws:policy/…`), with AWS's own documents, read at first use from
 * data/aws-managed-policies.json. They are of every account and nobody can change them.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface AwsManagedPolicy {
  id: string
  arn: string
  name: string
  path: string
  versionId: string
  document: string
  createdAt: number
  updatedAt: number
}

interface Entry {
  path: string
  created: string
  updated: string
  version: string
  document: object
}

const FILE = join(import.meta.dirname, '..', '..', '..', 'data', 'aws-managed-policies.json')
export const AWS_POLICY_PREFIX = 'arn:aws:iam::aws:policy/'

let policies: ReadonlyMap<string, AwsManagedPolicy> | undefined

export function awsManagedPolicies(): ReadonlyMap<string, AwsManagedPolicy> {
  policies ??= new Map(
    Object.entries(JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Entry>).map(
      ([name, entry]) => {
        const arn = `arn:aws:iam::aws:policy${entry.path}${name}`
        return [
          arn,
          {
            id: idOf(arn),
            arn,
            name,
            path: entry.path,
            versionId: entry.version,
            document: JSON.stringify(entry.document),
            createdAt: Date.parse(entry.created),
            updatedAt: Date.parse(entry.updated),
          },
        ]
      },
    ),
  )
  return policies
}

/** The same in every cloud and at every start. */
function idOf(arn: string): string {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const digest = createHash('sha256').update(arn).digest().subarray(0, 17)
  return `ANPA${[...digest].map((byte) => ALPHABET[byte & 31]!).join('')}`
}
