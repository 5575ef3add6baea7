/** Switching to a role of this account or another, as AWS's console does; the last ones are offered again. */
import { useState } from 'react'
import { useSession } from './aws/collection.ts'
import { roleSwitch } from './aws/sign-in.ts'
import { t } from './text/t.ts'
import { Modal } from './ui/modal.tsx'
import { Button, InputField } from './ui/parts.tsx'
import { remember, remembered } from './util/remember.ts'

interface Known {
  account: string
  role: string
  label: string
}

const KNOWN_MAX = 5

export function SwitchRole({ onClose }: { onClose(): void }) {
  const session = useSession()
  const [account, setAccount] = useState(session?.account ?? '')
  const [role, setRole] = useState('')
  const [label, setLabel] = useState('')
  const [known] = useState(() => remembered<Known[]>('roles', []))
  const go = async (one: Known): Promise<void> => {
    await roleSwitch(one.account, one.role, one.label)
    const others = known.filter((k) => k.account !== one.account || k.role !== one.role)
    remember('roles', [one, ...others].slice(0, KNOWN_MAX))
    onClose()
  }
  return (
    <Modal
      title={t('Switch role')}
      onClose={onClose}
      submit={{
        label: t('Switch role'),
        run: () => go({ account: account.trim(), role: role.trim(), label: label.trim() }),
        whyNot:
          /^\d{12}$/.test(account.trim()) && role.trim()
            ? undefined
            : t('An account of 12 digits and a role are needed'),
      }}
    >
      {known.length > 0 && (
        <div className="row wrap">
          {known.map((one) => (
            <Button
              key={`${one.account}/${one.role}`}
              isSmall
              onClick={() => {
                setAccount(one.account)
                setRole(one.role)
                setLabel(one.label)
              }}
            >
              {one.label || `${one.role} @ ${one.account}`}
            </Button>
          ))}
        </div>
      )}
      <InputField label={t('Account ID')} value={account} onChange={setAccount} />
      <InputField label={t('IAM role name')} value={role} onChange={setRole} />
      <InputField label={t('Display name (optional)')} value={label} onChange={setLabel} />
    </Modal>
  )
}
