/**
 * The form of an operation: one file, `src/aws/<service>/operations/<kebab-name>.ts`, whose default export is
 * `operation<'ec2', 'DescribeKeyPairs', KeyPair>({ … })`. Input and output have the official SDK's types. How to write
 * one: docs/adding-an-operation.md. What happens before `handle` runs: the signature is verified, the input has
 * everything the model demands, filter names are known, page tokens and sizes are valid.
 */
import type * as CloudWatch from '@aws-sdk/client-cloudwatch'
import type * as Backup from '@aws-sdk/client-backup'
import type * as AutoScaling from '@aws-sdk/client-auto-scaling'
import type * as CloudTrail from '@aws-sdk/client-cloudtrail'
import type * as ElbV2 from '@aws-sdk/client-elastic-load-balancing-v2'
import type * as ComputeOptimizer from '@aws-sdk/client-compute-optimizer'
import type * as Ec2 from '@aws-sdk/client-ec2'
import type * as BackupGateway from '@aws-sdk/client-backup-gateway'
import type * as Ebs from '@aws-sdk/client-ebs'
import type * as Iam from '@aws-sdk/client-iam'
import type * as Kms from '@aws-sdk/client-kms'
import type * as Organizations from '@aws-sdk/client-organizations'
import type * as Ssm from '@aws-sdk/client-ssm'
import type * as Sts from '@aws-sdk/client-sts'
import type { Ctx } from '../app/context.ts'
import type { FilterTable, TagsOf } from './filters.ts'
import type { ServiceName } from './model.ts'

/** The clients whose types the operations have. A service without one here has untyped input and output. */
interface Clients {
  cloudwatch: typeof CloudWatch
  cloudtrail: typeof CloudTrail
  autoscaling: typeof AutoScaling
  elbv2: typeof ElbV2
  'compute-optimizer': typeof ComputeOptimizer
  backup: typeof Backup
  'backup-gateway': typeof BackupGateway
  ebs: typeof Ebs
  ec2: typeof Ec2
  iam: typeof Iam
  kms: typeof Kms
  organizations: typeof Organizations
  ssm: typeof Ssm
  sts: typeof Sts
}

type Loose = Record<string, any>

type CommandOf<S extends ServiceName, O extends string> = S extends keyof Clients
  ? `${O}Command` extends keyof Clients[S]
    ? Clients[S][`${O}Command`] extends abstract new (...args: never[]) => infer Command
      ? Command
      : never
    : never
  : {
      input: Loose
      resolveMiddleware: (...args: never[]) => (...args: never[]) => Promise<{ output: Loose }>
    }

/** The names of the operations that the types know. */
export type OperationName<S extends ServiceName> = S extends keyof Clients
  ? { [K in keyof Clients[S]]: K extends `${infer O}Command` ? O : never }[keyof Clients[S]]
  : string

export type InputOf<S extends ServiceName, O extends string> =
  CommandOf<S, O> extends { readonly input: infer Input } ? Readonly<Input> : never

export type OutputOf<S extends ServiceName, O extends string> =
  CommandOf<S, O> extends {
    resolveMiddleware: (...args: never[]) => (...args: never[]) => Promise<{ output: infer Output }>
  }
    ? Omit<Output, '$metadata'>
    : never

export interface PageOptions<T> {
  /**
   * Orders the records and names one, for as long as it lives: unique, never changing (an id; or a time that cannot
   * change, then the id). The next page begins after the last key, so records that come and go do no harm.
   */
  key: (record: T) => string
  /** The page's size when the caller names none. Absent: everything. */
  defaultSize?: number
}

export interface Page<T> {
  items: T[]
  nextToken: string | undefined
}

/** What the engine does for an operation, bound to the request at hand. */
export interface Call<R> {
  /** The records that the request's `Filters` let through. */
  filter(records: readonly R[]): R[]
  /** The page that `MaxResults` and `NextToken` ask for. */
  page<T>(records: readonly T[], options: PageOptions<T>): Page<T>
  /** For a store that can: which records, in the order of their keys, are enough for `page`. */
  pageWindow(defaultSize: number): { after: string; count: number }
}

export interface OperationDefinition<S extends ServiceName, O extends string, R = never> {
  /** By filter name, what a record has to say. `tag:<key>` and `tag-key` come from `tagsOf`. */
  filters?: FilterTable<R>
  tagsOf?: TagsOf<R>
  /**
   * What can be refused without doing anything: malformed ids, things that do not exist, wrong states. Runs before
   * `handle`, and alone when the caller says `DryRun`: it must have no effects.
   */
  check?: (ctx: Ctx, input: InputOf<S, O>) => void | Promise<void>
  handle: (
    ctx: Ctx,
    input: InputOf<S, O>,
    call: Call<R>,
  ) => Promise<OutputOf<S, O>> | OutputOf<S, O>
}

/** A definition whose types have served their purpose. */
export interface AnyOperation {
  filters?: FilterTable<never>
  tagsOf?: TagsOf<never>
  check?: (ctx: Ctx, input: never) => void | Promise<void>
  handle: (ctx: Ctx, input: never, call: Call<never>) => unknown
}

export function operation<S extends ServiceName, O extends OperationName<S>, R = never>(
  definition: OperationDefinition<S, O & string, R>,
): AnyOperation {
  return definition as unknown as AnyOperation
}
