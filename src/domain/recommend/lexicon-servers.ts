/**
 * Names and words of what serves people: sites, applications, networks, games, desktops. A line is a profile, how
 * surely the words speak of it, and what such a machine usually wants; the form is told in lexicon.ts.
 */
export const SERVER_LEXICON = `
network-appliance 2: ids ips, intrusion detection, intrusion prevention
office-app 3 gib=4: code hosting, git hosting, git server, github alternative, gitlab alternative,
  own github
connections 2.5: chat, chat app, chat application, collaboration server, instant messaging,
  live chat, live scores, messaging app, messenger, presence, whiteboard
graphics 4: baldur s gate, cyberpunk, elden ring, flight simulator, fortnite, game pc,
  games on my laptop, games on my tablet, gta v, pc games, play aaa games, play games remotely,
  play remotely
office-app 2.5 gib=4: appointments, dental practice, law office, medical practice,
  members administration, patients, practice software, reservation system, reservations,
  scheduling of appointments, stock keeping, tax office
file-server 2.5: backing up, backup, backups, offsite backup, offsite copy
coordination 4: control plane nodes, k8s control plane, kubernetes control plane, kubernetes masters
desktop 2.6: day trading, monitors, office pcs, screens, workplaces
website 2.5: blog for, event page, html, landing pages, menu of the restaurant, opening hours,
  photography portfolio, restaurant, sports club site, static content, static files, static html
small-service 2 gib=4: address book, calendar, contacts and calendars, family photos,
  holiday pictures, music collection, own cloud, photo collection, photos, private cloud, recipes
office-app 3 gib=4: analytics of web site, booking, cmms, crowdfunding, dicom, dicom archive,
  document management, docusign, e signature, expense software, formbricks, ignition scada,
  inventory, laboratory system, library system, limesurvey, lims, matomo, pacs, parish software,
  point of sale, radiology viewer, rental software, scada, school administration, survey,
  ticket shop, time sheets, voting, warehouse management, wms system
game-small 3 gib=8: bungeecord, minecraft network, paper servers, several minecraft servers,
  velocity network, waterfall proxy
low-latency 3: algo trading, algorithmic trading, colocation, feed arbitrage, fix engine,
  fix protocol, order management, pricing engine, quickfix, real time pricing, smart order router,
  trading bot fleet
web-server 3 gib=4: cloudpanel, cpanel, directadmin, hosting panel, ispconfig, lamp, lamp stack,
  lemp, multisite, plesk, shared hosting, virtualmin, web hosting, wordpress multisite
file-server 3: afp, document management files, dropbox replacement, ftp server,
  google drive replacement, home directories, home directory, homes over nfs, iscsi target, rsync,
  sftp server
gateway 3: connection pooler, ddns updater, maxscale, mysql router, netboot, pgbouncer,
  pgpool proxy, proxysql, pxe server, stun, tftp server, twemproxy proxy, whois server
website 3: blog, bulletin board, contao, craft cms, dokuwiki, drupal, forum, ghost blog, ghost cms,
  grav, guestbook, hugo site, jekyll, joomla, landing page, mediawiki, newsletter, october cms,
  one pager, photo gallery, phpbb, portfolio site, recipe site, rss reader, statamic, static site,
  typo3, vbulletin, weblog, wedding site, wiki, wordpress
website 2.5: company site, home page, homepage, internet site, intranet site, personal page,
  portfolio, small site, web page, web site, webpage, webserver for my club, website
website 2: bursty, spikes, spiky, sporadic, unpredictable
website 1: at night, idle, idles, now and then, occasional, occasionally, page view, quiet, visitor
small-service 3: actual budget, adguard, adguard home, airsonic, audiobookshelf, azuracast, baikal,
  bitwarden, bot, calibre web, changedetection, cron job, cronicle, cronjob, cryptpad, dashy, ddns,
  deluge, discord bot, domoticz, dyndns, ejabberd for friends, ergo irc, etherpad, firefly iii,
  freshrss, funkwhale, goatcounter, gotify, grocy, healthchecks, hedgedoc, heimdall, homarr,
  home assistant, homeassistant, homepage dashboard, icecast, iobroker, irc bouncer, ircd, kanboard,
  kavita, klipper, komga, lidarr, linkding, matrix bridge, mealie, memos, minecraft proxy, miniflux,
  monica, mopidy, mosquitto, mumble, murmur, my script, navidrome, node red, ntfy, ntp server,
  octoprint, openhab, pastebin, plausible, portainer, privatebin, prosody, prowlarr, python script,
  qbittorrent, radarr, radicale, rundeck, sabnzbd, scraper bot, seedbox, semaphore ui, shiori,
  shlink, shoutcast, slack bot, small script, snikket, sonarr, status page, stirling pdf, syncthing,
  syslog relay, tandoor, teamspeak, telegram bot, time server, transmission, trilium, umami,
  unrealircd, uptime kuma, url shortener, vaultwarden, velocity proxy, wallabag, watchtower,
  webhook, webhook receiver, yourls, zigbee2mqtt, znc
small-service 3 gib=4: activepieces, appsmith, appwrite, baserow, bookstack, budibase, bugzilla,
  caprover, casaos, coolify, cosmos cloud, crater invoice, diaspora pod, directus,
  docker mailserver, docspell, dokku, dokploy, dolibarr, dovecot, email server, exim, filerun,
  focalboard, forgejo, fossil scm, freescout, friendica, gitbucket, gitea, glpi, gogs, huginn, imap,
  immich, invoice ninja, iredmail, kimai, leantime, lemmy, librephotos, listmonk, lychee,
  mail in a box, mail server, mailbox, mailcow, mailman, mailserver, mailu, mantis bug tracker,
  mattermost, mautic, mayan edms, misskey, modoboa, moodle small, n8n, nextcloud, nocodb,
  openproject small, osticket, outline wiki, owncloud, paperless, paperless ngx, parse server,
  peertube small, photoprism, pihole and friends, piwigo, pixelfed, planka, pocketbase, poste io,
  postfix, pydio, redmine, rocket chat, rocketchat, roundcube, seafile, smtp relay, smtp server,
  snipe it, sogo, stalwart, strapi, supabase, taiga, tooljet, trac, umbrel, uvdesk, vikunja,
  wallet service, wekan, wiki js, windmill dev, writefreely, yunohost, zammad small, zulip
office-app 3 gib=4: accounting software, active directory, airflow, alfresco, ansible tower,
  artifactory, authelia, authentik, awx, bigbluebutton greenlight, bitbucket, booking system,
  business central, canvas lms, chamilo, chef server, chirpstack, civicrm, ckan, collabora,
  conduit matrix, container registry, crowd sso, dagster, dataverse, datev, dbt, dendrite,
  discourse, docker registry, domain controller, dspace, dynamics 365, dynamics nav, erpnext,
  espocrm, fiware, flarum, foreman, freeipa, freeradius, github enterprise, gitlab, gitlab server,
  gnu health, grafana oncall, harbor, hashicorp vault, home automation hub, hr software, ilias,
  invenio, kaa iot, keycloak, koha, landscape server, ldap, lexware, liferay, looker, luigi, mantis,
  mastodon, matrix synapse, metabase, moodle, navision, nexus, nodebb, nuxeo, odoo, omeka,
  onlyoffice, open edx, openemr, openldap, openmrs, openproject, openremote, orthanc, otrs, payroll,
  phabricator, plone, pos system, power bi gateway, prefect server, pulp, puppet server, qlik sense,
  quickbooks, radius server, rancher, redash, request tracker, sage 100, saltstack master, samba ad,
  sccm, sonarqube, sonatype nexus, spacewalk, sugarcrm, suitecrm, superset, synapse, tableau server,
  taiga, tally, teamcity server, thingsboard, univention, uyuni, vault server, verdaccio, vtiger,
  wsus, youtrack, zammad, zitadel, znuny
office-app 2.2 gib=4: business application, cms, crm, dms, erp, helpdesk, line of business, lms,
  servicedesk, ticket system, ticketing
office-app 3 gib=8: bamboo server, confluence, gerrit, groupware, hcl domino, jira,
  jira and confluence, kopano, lotus domino, sharepoint, zimbra
enterprise-app 3.5: abap, appian, biztalk, business one, camunda, cognos, documentum,
  e business suite, filenet, informatica, jboss, jd edwards, maximo, microstrategy, mulesoft,
  netweaver, opentext, oracle ebs, pega, pentaho, peoplesoft, sap app server,
  sap application server, sap business one, sas server, siebel, talend, weblogic, websphere, wildfly
office-app 3.5 gib=16 x86=1: exchange 2016, exchange 2019, exchange se, exchange server,
  microsoft exchange, ms exchange
office-app 1.5: application for the office, back office, backoffice, internal application,
  internal tool, intranet
web-server 2.5: actix, apache, api, api gateway, api server, apigee, app backend, app server,
  application server, asp net, aspnet, axum, back end, backend, background worker, blazor, bun,
  caddy, cakephp, celery worker, codeigniter, deno, django, dotnet core, elixir, express, expressjs,
  fastapi, flask, gatsby, gin gonic, gradio app, graphql, grpc service, gunicorn, hasura, httpd,
  iis, jetty, json api, kong, krakend, laravel, lighttpd, litespeed, micro service, micronaut,
  microservice, mobile app, mobile backend, nestjs, next js, nextjs, nginx, nuxt, openresty,
  phoenix, play framework, postgrest, puma, quarkus, rails, remix app, rest api, ruby on rails,
  saas, saas app, shiny app, shiny server, sidekiq, soap service, spring boot, springboot,
  streamlit, sveltekit, symfony, tomcat, tyk, unicorn, uvicorn, uwsgi, wagtail, web app,
  web application, web backend, web front end, web frontend, web server, web service, webapp,
  webserver, yii, zend
web-server 2 gib=8: adobe commerce, adobe experience manager, aem, auction site, commerce server,
  e commerce, ecommerce, hybris, kentico, magento, marketplace site, medusa commerce, online shop,
  online store, opencart, oscommerce, prestashop, saleor, sap commerce, shop site, shopware,
  sitecore, spree, sylius, umbraco, web shop, webshop, webstore, woocommerce
web-server 1: all day, checkout, http, https, node, php, requests, rest, shop, steady
web-server 0.5: golang, java, javascript, kotlin, net, node js, nodejs, python, ruby, rust service,
  scala, typescript
web-server 2: crawler frontend, geoserver, image proxy, imgproxy, map server, mapproxy, mapserver,
  nominatim small, openstreetmap tiles, qgis server, thumbor, tile server, tileserver, wms server
containers 2.5: cluster node, containerd, docker swarm, ecs, eks, k8s, karpenter, kubernetes,
  kubernetes node, managed node, node group, nodegroup, nomad, okd, openshift, podman, rke2, swarm,
  talos, worker node
containers 2: container, container host, docker, docker compose, docker host, helm chart, istio,
  k0s, k3s, kind cluster, linkerd, microk8s, minikube, pod
coordination 3: api server of kubernetes, consul, control plane, etcd, k8s master,
  kubernetes master, patroni etcd, quorum, raft cluster, service discovery, zookeeper
file-server 3: document share, file server, file share, file storage, fileserver, fileshare, ftp,
  ftps, nas, network drive, network share, nfs, openmediavault, samba, sftp, share drive,
  share files, shared folder, sharing files, smb, truenas, webdav
file-server 2.5: amanda, backup repository, backup server, backup target, backuppc, bacula, bareos,
  borg, borgbackup, commvault, duplicati, kopia, netbackup, proxmox backup server, restic,
  rsync target, time machine backup, urbackup, veeam, veeam repository, velero
desktop 2.5 each=2: avd, citrix, cloud desktop, cloud pc, guacamole, linux desktop, nomachine,
  office desktop, rdp, rds host, remote desktop, session host, terminal server, thin client, vdi,
  virtual desktop, vnc, windows desktop, workspace, x2go, xrdp
desktop 2: accounting, browser desktop, desktop, excel, kiosk, libreoffice, microsoft office,
  ms office, office work, outlook
desktop 0.5: browser
graphics 4: 3d cad, 3d modeling, 3d modelling, 3d visualisation, 3d visualization, 3ds max,
  adobe premiere, after effects, animation studio, arcgis pro, archicad, autocad, bim, bricscad,
  cad, cad workstation, catia, cinema 4d workstation, civil 3d, cloud gaming, creo, davinci,
  davinci resolve, digital twin 3d, fusion 360, game streaming, gaming desktop, gaming rig,
  graphics workstation, houdini workstation, inventor, lightroom, maya, microstation,
  moonlight streaming, nuke, omniverse, paraview workstation, parsec, petrel, photoshop,
  premiere pro, revit, rhino 3d, rhinoceros 3d, siemens nx, sketchup, solidworks, steam remote play,
  substance painter, sunshine host, unity editor, unreal editor, unreal engine editor, vectorworks,
  vfx, video editing, video editor, virtual reality, vr, zbrush
graphics 2: 3d, directx, gaming, graphics, opengl, steam, unity, unreal, vulkan, workstation
game-small 3 gib=2: minecraft, minecraft server
game-small 3 gib=4: 7 days to die, conan exiles, enshrouded, project zomboid, satisfactory,
  seven days to die, valheim
game-small 3: 7 days to die, abiotic factor, altv, arma, assetto corsa, astro colony, astroneer,
  barotrauma, beammp, bedrock server, conan exiles, core keeper, counter strike source, cs go, csgo,
  don't starve together, dont starve together, eco server, enshrouded, ets2 server, fabric server,
  fivem, forge server, foundry vtt, foundryvtt, game server for friends, garry's mod, garrys mod,
  gmod, gta roleplay, hell let loose, icarus, insurgency sandstorm, l4d2, left 4 dead, luanti,
  minecraft, minetest, modpack, mordhau, mta server, necesse, openra, openttd, paper server,
  papermc, pavlov vr, project zomboid, purpur, quake 3, raft game, ragemp, reforger,
  rust server small, samp server, satisfactory, seven days to die, skyblock, smp server,
  sons of the forest, soulmask, space engineers, spigot, squad server, starbound, stardew valley,
  tabletop server, team fortress, terraria, tf2, the forest game, unturned, v rising, valheim,
  vintage story, vrising, zomboid
game-small 1.5: game, game server, gameserver, gaming server
game-small 1 gib=5: modded, mods, with mods
game-small 1: children, friend, kid, player, slot
game-large 4 gib=16: all the mods, ark, ark survival, ark survival ascended, ark survival evolved,
  atlas game, atm10, atm9, dayz, dune awakening, gregtech, network of minecraft, once human,
  palworld, path of titans, rlcraft, rust game, rust server, scum server, the isle
game-large 4 gib=8: factorio, from the depths, kerbal multiplayer, megabase, stationeers,
  ups is everything
game-dedicated 3: 128 tick, agones, azerothcore, battle royale, competitive, counter strike,
  counter strike 2, cs2, dedicated game server, dedicated multiplayer, dedicated server fleet,
  esports, fps game, gamelift, matchmaking, mmo, mmorpg, multiplayer backend, multiplayer match,
  nakama, open match, photon server, shooter, tick rate, tickrate, unreal dedicated server,
  world of warcraft server
game-dedicated 1: dedicated, match, matches, multiplayer
network-appliance 3: 5g core, a10 adc, arkime, bgp, bird router, cdn edge, cdn node, cgnat,
  checkpoint firewall, ddos scrubbing, dpdk, dpi, edge cache, envoy, f5 big ip, firewall, fortigate,
  fortinet, free5gc, frr, haproxy, iperf, load balancer, load balancing, media relay, mikrotik chr,
  mirror port, moloch, netflow collector, netscaler, network appliance, ntopng, open5gs, opnsense,
  packet broker, packet capture, palo alto, pfsense, reverse proxy, route reflector, router, sd wan,
  snort, sophos xg, speedtest, suricata, tcpdump, tor exit, tor relay, traefik, traffic generator,
  traffic mirror, transit, trex traffic, upf, virtual appliance, vpp, vyos, xdp, zeek
network-appliance 1.5: gbit, gbps, gigabit, line rate, mpps, packets, proxy, sustained traffic,
  throughput of packets
network-appliance 0.5: sustained
gateway 3: algo vpn, anyconnect, bastion, bastion host, bind9, boundary, cloudflared, coredns,
  cups print server, dhcp server, dns server, dnsmasq, exit node, forward proxy, frp tunnel,
  headscale, internet gateway, ipsec, jump box, jump host, jumpbox, kea dhcp, knot dns, libreswan,
  name server, nameserver, nat, nat gateway, nat instance, nebula mesh, netbird, ngrok, nsd, ocserv,
  openvpn, outline vpn, pi hole, pihole, powerdns, print server, pritunl, privoxy, reverse tunnel,
  shadowsocks, socks proxy, softether, squid, squid proxy, ssh gateway, strongswan, stunnel,
  tailscale, teleport, tinyproxy, unbound, vpn, web proxy, wireguard, zerotier
gateway 0.5: gateway
connections 3: 3cx, asterisk, bigbluebutton, call center, call centre, centrifugo, chat server,
  coap server, coturn, device gateway, ejabberd, elixir channels, emqx, erlang, freepbx, freeswitch,
  grpc streaming, hivemq, iot backend, iot gateway, iot hub, janus, jetstream, jitsi, jitsi meet,
  kamailio, livekit, lorawan server, lwm2m, mcu conference, mediasoup, mqtt, mqtt broker, nanomsg,
  nats, nats jetstream, opensips, pbx, presence service, push notifications, sfu, signaling server,
  signalling server, sip, socket io, stun server, telemetry ingest, telephony, turn server, vernemq,
  video conference, video conferencing, voip, web conference, web socket, websocket, xmpp, zeromq
low-latency 3: ad exchange, ad network, ad server, ad serving, ad tech, adserver, adtech, bidder,
  real time bidding, realtime bidding, rtb
low-latency 2: crypto exchange, exchange gateway, fix gateway, hft, high frequency trading,
  market data, matching engine, order book, tick to trade, trading
low-latency 1: low latency, millisecond, single digit ms
small 3: cheap box, cheap server, cheap vps, cheapest box, cheapest instance, cheapest machine,
  cheapest one, cheapest possible, cheapest server, cheapest there is, cheapest thing, cheapest vm,
  first server, free tier, hello world, home lab, homelab, just to try, learn linux, learning linux,
  linux server to learn, play with linux, small and cheap, small server, smallest instance,
  smallest thing, something small, tiny server, tiny vm, try linux, vps
small 2: coursework, experiment, hobby project, homework, learn, learn programming, learning, play,
  playing, side project, tinker, toy project, try, trying
small 2: bot that, cron, demo, monitoring of my site, poc, practice, practise, proof of concept,
  sandbox, student project, throwaway
dev-box 3 gib=4: code server, coder workspace, codespace, coding class, coding from my ipad,
  dev box, dev environment, dev machine, dev server, devbox, development box,
  development environment, development machine, development server, emacs, gitpod, intellij,
  jetbrains gateway, programming class, programming course, pupils, pycharm, python course,
  qa environment, remote dev, remote development, shell server, ssh box, ssh server, staging,
  staging environment, staging server, test box, test environment, test machine, test server, tmux,
  vim, visual studio code, vs code, vscode, vscode remote
`
