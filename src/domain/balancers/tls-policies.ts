/**
 * Predefined security policies in the words of OpenSSL: versions and ciphers. Source: Elastic Load Balancing user
 * guides, "Security policies for your Application Load Balancer", "… Network Load Balancer".
 */

export interface TlsPolicy {
  name: string
  protocols: readonly string[]
  ciphers: readonly string[]
}

const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const GCM = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
]
const CBC_256 = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
]
const CBC_1 = [
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-ECDSA-AES256-SHA',
]
const RSA_256 = ['AES128-GCM-SHA256', 'AES128-SHA256', 'AES256-GCM-SHA384', 'AES256-SHA256']
const RSA_1 = ['AES128-SHA', 'AES256-SHA']

const [V1, V11, V12, V13] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

/** [name, versions, ciphers]. */
const TABLE: readonly [string, readonly string[], readonly string[]][] = [
  ['ELBSecurityPolicy-TLS13-1-2-2021-06', [V12, V13], [...TLS13, ...GCM, ...CBC_256]],
  ['ELBSecurityPolicy-TLS13-1-3-2021-06', [V13], TLS13],
  ['ELBSecurityPolicy-TLS13-1-2-Res-2021-06', [V12, V13], [...TLS13, ...GCM]],
  [
    'ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06',
    [V12, V13],
    [...TLS13, ...GCM, ...CBC_256, ...RSA_256],
  ],
  [
    'ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06',
    [V12, V13],
    [...TLS13, ...GCM, ...CBC_256, ...CBC_1, ...RSA_256, ...RSA_1],
  ],
  [
    'ELBSecurityPolicy-TLS13-1-1-2021-06',
    [V11, V12, V13],
    [...TLS13, ...GCM, ...CBC_256, ...CBC_1, ...RSA_256, ...RSA_1],
  ],
  [
    'ELBSecurityPolicy-TLS13-1-0-2021-06',
    [V1, V11, V12, V13],
    [...TLS13, ...GCM, ...CBC_256, ...CBC_1, ...RSA_256, ...RSA_1],
  ],
  [
    'ELBSecurityPolicy-2016-08',
    [V1, V11, V12],
    [...GCM, ...CBC_256, ...CBC_1, ...RSA_256, ...RSA_1],
  ],
  ['ELBSecurityPolicy-TLS-1-2-2017-01', [V12], [...GCM, ...CBC_256, ...RSA_256]],
  [
    'ELBSecurityPolicy-TLS-1-2-Ext-2018-06',
    [V12],
    [...GCM, ...CBC_256, ...CBC_1, ...RSA_256, ...RSA_1],
  ],
  [
    'ELBSecurityPolicy-TLS-1-1-2017-01',
    [V11, V12],
    [...GCM, ...CBC_256, ...CBC_1, ...RSA_256, ...RSA_1],
  ],
  ['ELBSecurityPolicy-FS-2018-06', [V1, V11, V12], [...GCM, ...CBC_256, ...CBC_1]],
  ['ELBSecurityPolicy-FS-1-1-2019-08', [V11, V12], [...GCM, ...CBC_256, ...CBC_1]],
  ['ELBSecurityPolicy-FS-1-2-2019-08', [V12], [...GCM, ...CBC_256, ...CBC_1]],
  ['ELBSecurityPolicy-FS-1-2-Res-2019-08', [V12], [...GCM, ...CBC_256]],
  ['ELBSecurityPolicy-FS-1-2-Res-2020-10', [V12], GCM],
]

export const TLS_POLICIES: readonly TlsPolicy[] = TABLE.map(([name, protocols, ciphers]) => {
  return { name, protocols, ciphers }
})

/** What the API takes when none is named. */
export const TLS_POLICY_DEFAULT = 'ELBSecurityPolicy-2016-08'

export function tlsPolicy(name: string): TlsPolicy | undefined {
  return TLS_POLICIES.find((policy) => policy.name === name)
}

/** For OpenSSL, which forbids what is older than TLS 1.2 unless it is told otherwise. */
export function tlsWords(policy: TlsPolicy) {
  const isOld = policy.protocols.some((one) => one === V1 || one === V11)
  const older = policy.ciphers.filter((one) => !one.startsWith('TLS_'))
  const words = older.length > 0 ? older : GCM
  return {
    versionMin: policy.protocols[0]!.replace(/^TLSv1$/, 'TLSv1.0'),
    versionMax: policy.protocols.at(-1)!.replace(/^TLSv1$/, 'TLSv1.0'),
    ciphers: [...words, ...(isOld ? ['@SECLEVEL=0'] : [])].join(':'),
    ciphersuites: TLS13.join(':'),
  }
}
