/** Questions about who can reach whom, and their answers. */

export type ReachEnd =
  /** `address`: which one of its own is meant; absent: the primary. */
  | { type: 'interface'; interfaceId: string; address?: string }
  /** Somebody outside of every VPC, or whoever has the address. */
  | { type: 'address'; address: string }

export interface ReachQuestion {
  from: ReachEnd
  to: ReachEnd
  protocol: 'tcp' | 'udp' | 'icmp'
  /** null: of ICMP, which is an echo request here. */
  port: number | null
}

/** A packet on its way. Addresses change where they are translated. */
export interface Packet {
  source: string
  destination: string
  protocol: ReachQuestion['protocol']
  /** Of the answer: the ephemeral ports of the one who asked. */
  ports: { from: number; to: number } | null
  isAnswer: boolean
}

export type BlockKind =
  | 'groupRules'
  | 'groupEmpty'
  | 'acl'
  | 'noRoute'
  | 'blackhole'
  | 'noPublicAddress'
  | 'noGateway'
  | 'notInPeer'
  | 'sourceDestCheck'
  | 'nobody'
  | 'notRunning'
  | 'unknownBeyond'

export interface Block {
  kind: BlockKind
  /** What stands in the way. */
  component: string
  direction: 'ingress' | 'egress'
  isAnswer: boolean
  /** Why it is blocked, and what would open it. */
  text: string
  remedy: string
}

export interface Hop {
  component: string
  text: string
  packet: Packet
}

export interface ReachAnswer {
  isReachable: boolean
  /** The address to call; null: there is none. */
  destination: string | null
  forward: Hop[]
  back: Hop[]
  blocks: Block[]
}

/** A question as people put it: machines by id or name, interfaces, addresses, `internet`. */
export interface ReachWords {
  from: string
  to: string
  /** `80`, `tcp/80`, `udp/53`, `icmp`. */
  port: string
}
