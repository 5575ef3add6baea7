/** Looks at user data before it is sent: what cloud-init will take it for, and what would make it do nothing. Pure. */
import { t } from '../text/t.ts'

export interface UserDataCheck {
  isProblem: boolean
  words: string
}

/** EC2's limit, before base64. */
export const USER_DATA_BYTES_MAX = 16_384

export function userDataCheck(text: string): UserDataCheck | undefined {
  if (text === '') return undefined
  const problem = (words: string): UserDataCheck => ({ isProblem: true, words })
  const bytes = new TextEncoder().encode(text).length
  if (bytes > USER_DATA_BYTES_MAX) {
    return problem(t('{n} bytes: EC2 takes 16,384 at most.', { n: bytes.toLocaleString('en') }))
  }
  if (text.includes('\r')) {
    return problem(t('It has Windows line ends: a shell script with them does not start.'))
  }
  if (/^\s+#(?:!|cloud-config)/.test(text)) {
    return problem(t('There is space before the first line: it must begin with #.'))
  }
  if (text.startsWith('#!')) {
    const [first = ''] = text.split('\n')
    if (!/^#!\s*\/\S+/.test(first)) {
      return problem(t('The first line needs the whole path of a program: #!/bin/sh'))
    }
    return {
      isProblem: false,
      words: t('A script, run by {program} at the first boot.', { program: first.slice(2).trim() }),
    }
  }
  if (text.startsWith('#cloud-config')) {
    const at = text.split('\n').findIndex((line) => /^\t|^ *\t/.test(line))
    if (at >= 0)
      return problem(t('Line {n} is indented by a tab: YAML takes spaces only.', { n: at + 1 }))
    return { isProblem: false, words: t('Cloud-config, for images with cloud-init.') }
  }
  if (/^(?:Content-Type:|MIME-Version:)/i.test(text)) {
    return { isProblem: false, words: t('Several parts (MIME), for images with cloud-init.') }
  }
  return problem(
    t('It begins with neither #! nor #cloud-config: guests can read it, and run nothing.'),
  )
}
