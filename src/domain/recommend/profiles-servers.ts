/** Workloads that serve people: sites, applications, small things, desktops, games, networks. See workload.ts. */
import type { Profile } from './workload.ts'

const BURST = 'earns CPU credits while idle and spends them when load comes, at the lowest price'
const BALANCED = 'balances vCPUs, memory and network at 4 GiB a vCPU'
const COMPUTE = 'has the most vCPU for the money, at 2 GiB each'

/** Words for a service that few people use. */
const FEW = String.raw`\b(?:small|tiny|little|club|association|family|hobby|personal|home)\b`

export const SERVER_PROFILES: readonly Profile[] = [
  {
    name: 'small',
    title: 'something small and cheap',
    phrases: [
      [/\bsmall and cheap\b/, 3],
      [/\bcheapest (?:thing|machine|instance|server|box|vm|possible|there is|one)\b/, 3],
      [/\b(?:try|play|experiment|tinker|(?<!machine |deep )learn)(?:ing)?\b/, 1],
      [/\b(?:dev|development|staging|test) (?:box|machine|server|environment)\b/, 2],
      [/\b(?:hobby|toy|side) project\b/, 1],
      [/\bbastion\b|\bjump ?(?:host|box)\b|\bcron\b|\bbot\b|\bmonitoring\b/, 2],
    ],
    suits: [{ series: ['t'], weight: 1, because: BURST }],
    demand: { vcpus: 1, memoryGiB: 0.5 },
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'website',
    title: 'a website or small web service',
    phrases: [
      [new RegExp(`${FEW}.*\\bweb ?servers?\\b|\\bweb ?servers?\\b.*${FEW}`), 4],
      [/\b(?:word ?press|blog|drupal|joomla|ghost|static site|landing page|wiki|forum)\b/, 3],
      [/\b(?:web ?site|home ?page|portfolio)\b/, 2],
      [/\b(?:spiky|spikes|bursty|sporadic|unpredictable)\b/, 2],
      [/\b(?:idles?|now and then|occasional(?:ly)?|at night|quiet)\b/, 1],
      [/\b(?:mail|email|imap|smtp) ?server\b|\bmailbox(?:es)?\b|\bnextcloud\b/, 3],
      [/\bvisitors?\b/, 1],
    ],
    suits: [
      { series: ['t'], weight: 1, because: BURST },
      {
        series: ['m+flex', 'c+flex'],
        weight: 0.8,
        because: 'gives full CPU most of the time at a lower price than its whole sibling',
      },
      { series: ['m'], weight: 0.6, because: BALANCED },
    ],
    demand: { vcpus: 2, memoryGiB: 2 },
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'web-server',
    title: 'a web or application server under steady load',
    phrases: [
      [/\bweb ?(?:server|app(?:lication)?|service|front ?end|back ?end)s?\b/, 2],
      [/\b(?:nginx|apache|caddy|tomcat|iis|django|rails|laravel|spring(?: boot)?|php)\b/, 2],
      [/\b(?:api|rest|graphql|micro ?services?|app(?:lication)? servers?|backend)\b/, 2],
      [/\b(?:node(?:\.js)?|java|python|golang|\.net)\b/, 0.5],
      [/\b(?:online shop|web ?shop|e-?commerce|woocommerce|magento|shop)\b/, 1],
      [/\b(?:gitlab|gitea|git|exchange|sharepoint|erp|crm|odoo|confluence|jira) ?server\b/, 3],
      [
        /\b(?:erp|crm|business one|sharepoint|odoo|confluence|jira|active directory|domain controller)\b/,
        2,
      ],
      [/\bsteady\b|\ball day\b/, 0.5],
    ],
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['c'], weight: 0.9, because: COMPUTE },
      {
        series: ['m+flex', 'c+flex'],
        weight: 0.95,
        because: 'gives full CPU 95 % of the time for 5 % less',
      },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'containers',
    title: 'nodes for mixed containers',
    phrases: [
      [/\b(?:kubernetes|k8s|k3s|eks|ecs|docker|swarm|nomad|containers?|openshift)\b/, 2],
      [/\bworker nodes?\b/, 2],
    ],
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['c'], weight: 0.7, because: COMPUTE },
      { series: ['r'], weight: 0.7, because: 'has room for pods that want memory' },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'file-server',
    title: 'a file server upon network disks',
    phrases: [
      [/\b(?:file ?server|samba|nfs|smb|file share|ftp|sftp|share drive)\b/, 3],
      [/\bbackup (?:server|target)\b/, 2],
    ],
    suits: [
      { series: ['m'], weight: 1, because: `${BALANCED}; the files lie on EBS` },
      { series: ['t'], weight: 0.9, because: BURST },
    ],
    demand: { vcpus: 2, memoryGiB: 8 },
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'desktop',
    title: 'a desktop for office work',
    phrases: [
      [/\b(?:virtual |remote |windows |linux )?desktops?\b/, 2],
      [/\b(?:rdp|vdi|vnc|workspace|office work|terminal server)\b/, 2],
      [/\bbrowser\b/, 0.5],
    ],
    suits: [
      { series: ['t'], weight: 1, because: BURST },
      { series: ['m'], weight: 0.8, because: BALANCED },
    ],
    demand: { vcpus: 2, memoryGiB: 8 },
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'graphics',
    title: 'a workstation with graphics',
    phrases: [
      [/\b(?:cad|autocad|solidworks|revit|3d|unreal|unity|photoshop|davinci|maya|gis)\b/, 2],
      [/\b(?:workstation|graphics)\b/, 2],
      [/\b(?:cloud gaming|game stream\w*|steam)\b/, 3],
    ],
    suits: [
      {
        series: ['g', 'gr'],
        weight: 1,
        because: 'has a GPU with drivers for graphics (GRID, RTX)',
      },
    ],
    demand: { vcpus: 4, memoryGiB: 16, acceleratorGB: 8 },
    cpu: 'steady',
    speedBy: 'accelerator',
    requires: {
      requirements: { acceleratorKinds: ['gpu'], architectures: ['x86_64'] },
      because: 'graphics workstations need a GPU, and their programs x86',
    },
  },
  {
    name: 'game-small',
    title: 'a game server for a few players',
    phrases: [
      [
        /\b(?:minecraft|valheim|terraria|factorio|palworld|ark|rust server|satisfactory|cs:?go|cs2|counter-?strike|team fortress|dayz|fivem|garry'?s mod|teamspeak|mumble)\b/,
        3,
      ],
      [/\bgame ?servers?\b/, 1.5],
      [/\b(?:friends|kids)\b/, 1],
    ],
    suits: [
      { series: ['t'], weight: 0.9, because: `${BURST}; a few players are bursts` },
      { series: ['m'], weight: 0.9, because: BALANCED },
      { series: ['c'], weight: 0.9, because: COMPUTE },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'bursty',
    speedBy: 'vcpu',
    advice: 'Large worlds outrun CPU credits: watch CPUCreditBalance, or take a C type.',
  },
  {
    name: 'game-dedicated',
    title: 'dedicated game servers',
    phrases: [
      [/\bgame ?servers?\b/, 1.4],
      [/\b(?:dedicated|multiplayer|matches|match|tick ?rate|esports|fps game)\b/, 1],
      [/\bhigh clock\b/, 1],
    ],
    suits: [
      { series: ['c'], weight: 1, because: 'is named by AWS for dedicated game servers' },
      { series: ['m+z', 'z'], weight: 0.9, because: 'has the highest clock speeds' },
    ],
    demand: { vcpus: 4, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'network-appliance',
    title: 'a network appliance with much traffic',
    phrases: [
      [/\b(?:firewall|router|load balanc\w+|haproxy|reverse proxy|proxy|envoy|ips|ids|dpi)\b/, 2],
      [/\b(?:network appliance|virtual appliance|packet\w*|traffic mirror\w*|transit)\b/, 2],
      [/\b(?:gbps|gbit\/s|gigabit)\b/, 1],
      [/\bsustained\b/, 0.5],
    ],
    suits: [
      { series: ['c+n'], weight: 1, because: 'has the most network for its size, and cheap vCPUs' },
      {
        series: ['m+n', 'r+n'],
        weight: 0.7,
        because: 'has network of the same kind, and more memory',
      },
      { series: ['c'], weight: 0.6, because: COMPUTE },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'steady',
    speedBy: 'network',
  },
  {
    name: 'gateway',
    title: 'a small gateway (VPN, NAT)',
    phrases: [
      [/\b(?:vpn|wireguard|openvpn|ipsec|tailscale)\b/, 3],
      [/\bnat\b/, 3],
      [/\b(?:dns server|name ?server|pi-?hole|bind|unbound|ntp server|dhcp server)\b/, 3],
      [/\bgateway\b/, 0.5],
    ],
    suits: [
      { series: ['t'], weight: 1, because: `${BURST}; a little traffic is short work` },
      { series: ['c'], weight: 0.8, because: COMPUTE },
      { series: ['c+n'], weight: 0.8, because: 'has the most network for its size' },
    ],
    demand: { vcpus: 2, memoryGiB: 1 },
    cpu: 'bursty',
    speedBy: 'network',
  },
  {
    name: 'low-latency',
    title: 'answers within milliseconds',
    phrases: [
      [
        /\b(?:real[- ]?time bidding|rtb|ad ?serv\w+|ad[- ]?tech|trading|order book|market data)\b/,
        3,
      ],
      [/\bmilliseconds?\b|\blow[- ]latency\b/, 1],
    ],
    suits: [
      { series: ['c'], weight: 1, because: 'is named by AWS for ad serving' },
      { series: ['c+n'], weight: 1, because: 'handles the most packets a second' },
      { series: ['m+z'], weight: 0.8, because: 'has the highest clock speeds' },
    ],
    demand: { vcpus: 4, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
]
