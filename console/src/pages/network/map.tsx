/** The drawing of a VPC. Machines are buttons, so that the keyboard reaches them. */
import { t } from '../../text/t.ts'
import { stateOf, titleOf } from '../../util/instance.ts'
import type { MapLayout, SubnetBox } from './layout.ts'

const GATEWAYS = { internet: t('Internet gateway'), nat: t('NAT gateway'), other: t('Gateway') }

export function Map(props: {
  layout: MapLayout
  chosenId: string | undefined
  reached: ReadonlySet<string>
  onChoose(id: string | null): void
}) {
  const { layout, chosenId, reached, onChoose } = props
  const home = layout.subnets.find((one) => one.machines.some((machine) => machine.id === chosenId))
  return (
    <svg
      className="map"
      width={layout.width}
      height={layout.height}
      role="group"
      aria-label={t('Map of the network')}
    >
      {layout.wires.map((wire) => (
        <path
          key={`${wire.subnetId} ${wire.gatewayId} ${wire.destination}`}
          className={`wire ${home?.id === wire.subnetId ? 'lit' : ''}`}
          d={wire.path}
        >
          <title>{wire.destination}</title>
        </path>
      ))}
      {layout.gateways.map((one) => (
        <g key={one.id}>
          <rect className="box" x={one.x} y={one.y} width={one.width} height={one.height} rx={9} />
          <text x={one.x + 12} y={one.y + 23} fontWeight={600}>
            {GATEWAYS[one.kind]}
          </text>
          <text className="faint" x={one.x + 12} y={one.y + 41}>
            {one.id}
          </text>
        </g>
      ))}
      {layout.subnets.map((subnet) => (
        <SubnetShape
          key={subnet.id}
          subnet={subnet}
          chosenId={chosenId}
          reached={reached}
          onChoose={onChoose}
        />
      ))}
    </svg>
  )
}

const NAME_MAX = 30

function SubnetShape(props: {
  subnet: SubnetBox
  chosenId: string | undefined
  reached: ReadonlySet<string>
  onChoose(id: string | null): void
}) {
  const { subnet, chosenId, reached, onChoose } = props
  return (
    <g>
      <rect
        className={`box ${subnet.isPublic ? 'public' : ''}`}
        x={subnet.x}
        y={subnet.y}
        width={subnet.width}
        height={subnet.height}
        rx={10}
      />
      <text x={subnet.x + 12} y={subnet.y + 21} fontWeight={600}>
        {subnet.name.length > NAME_MAX ? `${subnet.name.slice(0, NAME_MAX - 1)}…` : subnet.name}
      </text>
      <text className="faint" x={subnet.x + 12} y={subnet.y + 39}>
        {subnet.cidr} · {subnet.zone} · {subnet.isPublic ? t('public') : t('private')}
        {subnet.hidden > 0 && ` · ${t('and {n} more', { n: subnet.hidden })}`}
      </text>
      {subnet.machines.length === 0 && (
        <text className="faint" x={subnet.x + 12} y={subnet.y + 74}>
          {t('no machine')}
        </text>
      )}
      {subnet.machines.map((machine) => {
        const { instance, id } = machine
        const title = titleOf(instance)
        const isChosen = id === chosenId
        const look = `${stateOf(instance)} ${reached.has(id) ? 'reached' : ''} ${isChosen ? 'chosen' : ''}`
        return (
          <g
            key={id}
            role="button"
            tabIndex={0}
            aria-pressed={isChosen}
            aria-label={t('{name}, {state}', { name: title, state: stateOf(instance) })}
            onClick={() => onChoose(isChosen ? null : id)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' && event.key !== ' ') return
              event.preventDefault()
              onChoose(isChosen ? null : id)
            }}
          >
            <rect
              className={`machine ${look}`}
              x={machine.x}
              y={machine.y}
              width={machine.width}
              height={machine.height}
              rx={7}
            />
            <text x={machine.x + 10} y={machine.y + 21} style={{ pointerEvents: 'none' }}>
              {title.length > 15 ? `${title.slice(0, 14)}…` : title}
            </text>
          </g>
        )
      })}
    </g>
  )
}
