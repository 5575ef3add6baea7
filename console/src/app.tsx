/** The console as a whole: signed in or not, the frame, and which page is at which address. Pages load when visited. */
import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from 'react'
import { BrowserRouter, Route, Routes, useLocation } from 'react-router'
import { eventsStart } from './aws/events.ts'
import { wordsOf } from './aws/clients.ts'
import { queryClient, useSession } from './aws/collection.ts'
import type { CloudInfo } from './aws/http.ts'
import {
  sessionFromOtherTab,
  sessionHasLapsed,
  sessionNow,
  sessionStart,
  sessionSubscribe,
  whoOf,
} from './aws/session.ts'
import { signInByLink } from './aws/sign-in.ts'
import { Boundary } from './boundary.tsx'
import { Frame } from './frame.tsx'
import { InstancesPage } from './pages/instances/list.tsx'
import { HomePage } from './pages/home.tsx'
import { SignIn, SignInAgain } from './pages/sign-in.tsx'
import { t } from './text/t.ts'
import { Button, ButtonLink } from './ui/parts.tsx'
import { Asking } from './ui/asking.tsx'
import { Toasts } from './ui/toasts.tsx'
import './util/private-keys.ts'

const InstancePage = lazy(() => import('./pages/instances/detail.tsx'))
const LaunchPage = lazy(() => import('./pages/launch/page.tsx'))
const ConnectPage = lazy(() => import('./pages/connect/page.tsx'))
const VolumesPage = lazy(() => import('./pages/volumes.tsx'))
const SnapshotsPage = lazy(() => import('./pages/snapshots.tsx'))
const ImagesPage = lazy(() => import('./pages/images.tsx'))
const NetworkPage = lazy(() => import('./pages/network/page.tsx'))
const SecurityGroupsPage = lazy(() => import('./pages/security-groups.tsx'))
const SecurityGroupPage = lazy(() => import('./pages/security-group.tsx'))
const KeyPairsPage = lazy(() => import('./pages/key-pairs.tsx'))
const AddressesPage = lazy(() => import('./pages/addresses.tsx'))
const BalancersPage = lazy(() => import('./pages/balancers/list.tsx'))
const BalancerPage = lazy(() => import('./pages/balancers/detail.tsx'))
const HostsPage = lazy(() => import('./pages/hosts.tsx'))
const IamPage = lazy(() => import('./pages/iam/page.tsx'))
const ScalingPage = lazy(() => import('./pages/scaling/scaling.tsx'))
const TemplatesPage = lazy(() => import('./pages/templates.tsx'))
const BackupPage = lazy(() => import('./pages/backup/page.tsx'))
const AlarmsPage = lazy(() => import('./pages/alarms/page.tsx'))
const DashboardsPage = lazy(() => import('./pages/dashboards/list.tsx'))
const DashboardPage = lazy(() => import('./pages/dashboards/page.tsx'))
const ActivityPage = lazy(() => import('./pages/activity.tsx'))
const SettingsPage = lazy(() => import('./pages/settings.tsx'))

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <BrowserRouter>
        <Boundary>
          <Gate />
        </Boundary>
      </BrowserRouter>
      <Asking />
      <Toasts />
    </QueryClientProvider>
  )
}

/** Nothing is shown before it is known who is there: a link in the address comes first, then another tab's session. */
function Gate() {
  const session = useSession()
  const { pathname } = useLocation()
  const [isReady, setReady] = useState(false)
  const [info, setInfo] = useState<CloudInfo | null>(null)
  const [wrong, setWrong] = useState<string>()
  useEffect(() => {
    prepare().then(
      (found) => {
        setInfo(found.info)
        setWrong(found.wrong)
        setReady(true)
      },
      (error: unknown) => setWrong(wordsOf(error)),
    )
  }, [])
  useEffect(() => eventsStart(), [])
  const hasLapsed = useSyncExternalStore(sessionSubscribe, sessionHasLapsed)
  if (!info && wrong !== undefined) return <Unanswered words={wrong} />
  if (!isReady || !info) return null
  if (!session) return <SignIn info={info} wrong={wrong} />
  return (
    <>
      <Frame key={whoOf(session)} info={info}>
        <Boundary key={pathname.split('/', 3).join('/')}>
          <Suspense fallback={<div className="empty">{t('Loading…')}</div>}>
            <Pages />
          </Suspense>
        </Boundary>
      </Frame>
      {hasLapsed && <SignInAgain info={info} lapsed={session} />}
    </>
  )
}

function Pages() {
  return (
    <Routes>
      <Route path="/" element={<HomePage />} />
      <Route path="/console">
        <Route path="instances" element={<InstancesPage />} />
        <Route path="instances/:id/:tab?" element={<InstancePage />} />
        <Route path="launch" element={<LaunchPage />} />
        <Route path="connect/:id/:way?" element={<ConnectPage />} />
        <Route path="volumes" element={<VolumesPage />} />
        <Route path="snapshots" element={<SnapshotsPage />} />
        <Route path="images" element={<ImagesPage />} />
        <Route path="network/:vpc?" element={<NetworkPage />} />
        <Route path="security-groups" element={<SecurityGroupsPage />} />
        <Route path="security-groups/:id" element={<SecurityGroupPage />} />
        <Route path="key-pairs" element={<KeyPairsPage />} />
        <Route path="addresses" element={<AddressesPage />} />
        <Route path="balancers" element={<BalancersPage />} />
        <Route path="balancers/:name" element={<BalancerPage />} />
        <Route path="hosts" element={<HostsPage />} />
        <Route path="iam/:part?" element={<IamPage />} />
        <Route path="scaling" element={<ScalingPage />} />
        <Route path="templates" element={<TemplatesPage />} />
        <Route path="backup/:part?" element={<BackupPage />} />
        <Route path="alarms" element={<AlarmsPage />} />
        <Route path="dashboards" element={<DashboardsPage />} />
        <Route path="dashboards/:name" element={<DashboardPage />} />
        <Route path="activity" element={<ActivityPage />} />
        <Route path="settings" element={<SettingsPage />} />
        <Route path="*" element={<Nowhere />} />
      </Route>
      <Route path="*" element={<Nowhere />} />
    </Routes>
  )
}

/** Nothing is known of the cloud, not even who may sign in. */
function Unanswered({ words }: { words: string }) {
  return (
    <div className="empty" role="alert">
      <h1>{words}</h1>
      <Button onClick={() => location.reload()}>{t('Load it again')}</Button>
    </div>
  )
}

function Nowhere() {
  return (
    <div className="empty">
      <h1>{t('There is no such page')}</h1>
      <ButtonLink to="/">{t('Home')}</ButtonLink>
    </div>
  )
}

async function prepare(): Promise<{ info: CloudInfo; wrong?: string }> {
  const info = (await (await fetch('/api/console/info')).json()) as CloudInfo
  const token = new URLSearchParams(location.hash.slice(1)).get('link')
  if (token !== null) {
    history.replaceState(null, '', location.pathname)
    try {
      sessionStart(await signInByLink(token, info.region))
    } catch (error) {
      return { info, wrong: (error as Error).message }
    }
  } else if (!sessionNow()) {
    const other = await sessionFromOtherTab()
    if (other) sessionStart(other)
  }
  return { info }
}
