/** Options that several verbs share. */
import { Option } from 'commander'

export function homeOption(): Option {
  return new Option(
    '--home <dir>',
    'where the state is (default: $BRUME_HOME, else /var/lib/brume as root)',
  )
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON')
}
