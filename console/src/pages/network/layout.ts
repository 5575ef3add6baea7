/** Where everything of a VPC lies on its map: gateways on the left, subnets on the right, machines in them. Pure. */
import type { Instance, InternetGateway, NatGateway, RouteTable, Subnet } from '@aws-sdk/client-ec2'
import { stateOf, tagOf } from '../../util/instance.ts'

export interface Box {
  id: string
  x: number
  y: number
  width: number
  height: number
}

export interface GatewayBox extends Box {
  kind: 'internet' | 'nat' | 'other'
}

export interface SubnetBox extends Box {
  name: string
  cidr: string
  zone: string
  /** Its default route leads to the internet. */
  isPublic: boolean
  machines: (Box & { instance: Instance })[]
  hidden: number
}

export interface Wire {
  subnetId: string
  gatewayId: string
  path: string
  destination: string
}

export interface MapLayout {
  width: number
  height: number
  gateways: GatewayBox[]
  subnets: SubnetBox[]
  wires: Wire[]
}

export interface MapInput {
  vpcId: string
  /** Of the place that it is drawn in. */
  width: number
  subnets: readonly Subnet[]
  instances: readonly Instance[]
  routeTables: readonly RouteTable[]
  internetGateways: readonly InternetGateway[]
  natGateways: readonly NatGateway[]
}

/** Its words are as large as those of the page: a narrower place shows a part of it. */
const WIDTH_MIN = 520
const GAP = 16
const LEFT = 170
/** Room for the wires. */
const BETWEEN_MIN = 48
const BETWEEN_PART = 0.08
const HEAD = 54
const MACHINE = { width: 122, height: 34, gap: 8 }
const ROWS_MAX = 6

export function routeTableOf(
  subnetId: string,
  vpcId: string,
  tables: readonly RouteTable[],
): RouteTable | undefined {
  const own = tables.filter((table) => table.VpcId === vpcId)
  return (
    own.find((table) => table.Associations?.some((one) => one.SubnetId === subnetId)) ??
    own.find((table) => table.Associations?.some((one) => one.Main))
  )
}

export function mapLayout(input: MapInput): MapLayout {
  const { vpcId } = input
  const width = Math.max(WIDTH_MIN, Math.floor(input.width))
  const x = GAP + LEFT + Math.max(BETWEEN_MIN, Math.round(width * BETWEEN_PART))
  const own = input.subnets
    .filter((one) => one.VpcId === vpcId)
    .toSorted((a, b) => (a.AvailabilityZone ?? '').localeCompare(b.AvailabilityZone ?? ''))
  const routes = own.flatMap((subnet) => {
    const table = routeTableOf(subnet.SubnetId ?? '', vpcId, input.routeTables)
    return (table?.Routes ?? []).flatMap((route) => {
      const target =
        route.NatGatewayId ??
        route.VpcPeeringConnectionId ??
        route.NetworkInterfaceId ??
        route.GatewayId
      if (!target || target === 'local') return []
      const destination = route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock ?? ''
      return [{ subnetId: subnet.SubnetId ?? '', target, destination }]
    })
  })
  const attached = input.internetGateways
    .filter((one) => one.Attachments?.some((each) => each.VpcId === vpcId))
    .map((one) => one.InternetGatewayId ?? '')
  const nats = input.natGateways
    .filter((one) => one.VpcId === vpcId && one.State !== 'deleted')
    .map((one) => one.NatGatewayId ?? '')
  const ids = [...new Set([...attached, ...nats, ...routes.map((route) => route.target)])]
  let y = GAP
  const subnets = own.map((subnet) => {
    const id = subnet.SubnetId ?? ''
    const isPublic = routes.some((one) => one.subnetId === id && one.target.startsWith('igw-'))
    const place = { x, y, width: width - x - GAP }
    const box = subnetBox(subnet, input.instances, place, isPublic)
    y += box.height + GAP
    return box
  })
  const height = Math.max(y, ids.length * 76 + GAP)
  const step = height / Math.max(1, ids.length)
  const gateways = ids.map((id, n): GatewayBox => ({
    id,
    kind: id.startsWith('igw-') ? 'internet' : id.startsWith('nat-') ? 'nat' : 'other',
    x: GAP,
    y: step * (n + 0.5) - 28,
    width: LEFT,
    height: 56,
  }))
  const wires = routes.flatMap(({ subnetId, target, destination }): Wire[] => {
    const from = subnets.find((one) => one.id === subnetId)
    const to = gateways.find((one) => one.id === target)
    if (!from || !to) return []
    const [x1, y1] = [from.x, from.y + from.height / 2]
    const [x2, y2] = [to.x + to.width, to.y + to.height / 2]
    const middle = (x1 + x2) / 2
    const path = `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`
    return [{ subnetId, gatewayId: target, path, destination }]
  })
  return { width, height, gateways, subnets, wires }
}

function subnetBox(
  subnet: Subnet,
  instances: readonly Instance[],
  { x, y, width }: Pick<Box, 'x' | 'y' | 'width'>,
  isPublic: boolean,
): SubnetBox {
  const perRow = Math.max(1, Math.floor((width - 12) / (MACHINE.width + MACHINE.gap)))
  const id = subnet.SubnetId ?? ''
  const all = instances.filter((one) => one.SubnetId === id && stateOf(one) !== 'terminated')
  const shown = all.slice(0, perRow * ROWS_MAX)
  const rows = Math.max(1, Math.ceil(shown.length / perRow))
  const machines = shown.map((instance, n) => ({
    instance,
    id: instance.InstanceId ?? '',
    x: x + 10 + (n % perRow) * (MACHINE.width + MACHINE.gap),
    y: y + HEAD + Math.floor(n / perRow) * (MACHINE.height + MACHINE.gap),
    width: MACHINE.width,
    height: MACHINE.height,
  }))
  return {
    id,
    name: tagOf(subnet.Tags, 'Name') || id,
    cidr: subnet.CidrBlock ?? '',
    zone: subnet.AvailabilityZone ?? '',
    isPublic,
    x,
    y,
    width,
    height: HEAD + rows * (MACHINE.height + MACHINE.gap) + 6,
    machines,
    hidden: all.length - shown.length,
  }
}
