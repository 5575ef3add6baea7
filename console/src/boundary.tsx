/** A page that fails says so and leaves the rest of the console usable. */
import { Component, type ReactNode } from 'react'
import { t } from './text/t.ts'
import { Button } from './ui/parts.tsx'

export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <div className="empty" role="alert">
        <h2>{t('This page has failed')}</h2>
        {/dynamically imported/.test(error.message) ? (
          <p>{t('Its files could not be loaded: the daemon does not answer, or was renewed.')}</p>
        ) : (
          <p className="mono">{error.message}</p>
        )}
        <Button onClick={() => location.reload()}>{t('Load it again')}</Button>
      </div>
    )
  }
}
