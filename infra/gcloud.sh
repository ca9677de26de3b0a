#!/usr/bin/env bash
#
# The deployment of Volley with gcloud alone, for teams without Terraform. It can be run again at any
# time: existing resources are updated, nothing is deleted. It makes the same as the Terraform beside
# it, except GitHub's workflows, which need Terraform, and a bucket for the source, since gcloud has
# one. test/infra/ compares the two, and runs this with gcloud itself against a recorder. queues.tf
# and functions.tf give the reasons of the numbers. It needs gcloud with the components alpha
# and beta (monitoring has no others), bq for BigQuery, and Node.
#
#   PROJECT=my-project-1234 APNS_KEY_ID=… APNS_TEAM_ID=… APNS_TOPIC=com.example.app infra/gcloud.sh
#   … infra/gcloud.sh --dry-run      prints every command, and asks and changes nothing
#
# Settings, from the environment; only PROJECT must be there:
#
#   REGION (europe-west1)  PREFIX (volley)  RETENTION_DAYS (30)
#   DATABASE (the prefix)  CREATE_DATABASE (true)  LOCATION (the region)  DELETE_PROTECTION (true)
#   APNS_KEY_ID  APNS_TEAM_ID  APNS_TOPIC  APNS_NEXT_KEY_ID
#   FCM (true)  FCM_PROJECT (PROJECT)  FCM_CHUNKS (2.375), FCM_CHUNKS_NOW (8): see queues.tf for another quota
#   SEVERAL_APPS (false)   WARM, such as "api=1 plan=1"  TRUSTED_HOPS (1)
#   ALERT_EMAILS, such as "a@example.com b@example.com"  BIGQUERY (false)
#   CONSOLE_SITE           an id of its own on Firebase Hosting, for the console: docs/console.md
#   PUBLIC (true)          no-check where the organisation forbids allUsers, false for neither: docs/operations.md
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

case ${1-} in
  '') dry='' ;;
  --dry-run) dry=1 ;;
  *)
    sed -n '3,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p;}' "$here/gcloud.sh"
    exit 2
    ;;
esac

project=${PROJECT:?is missing: the id of the Google Cloud project}
region=${REGION:-europe-west1}
prefix=${PREFIX:-volley}
database=${DATABASE:-$prefix}
public=${PUBLIC:-true}
fcm_project=${FCM_PROJECT:-$project}
[[ $project =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ && $fcm_project =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || {
  echo 'PROJECT and FCM_PROJECT must be ids, such as my-project-1234: not a number, not a name.' >&2
  exit 2
}
[[ $region =~ ^[a-z]+-[a-z]+[0-9]+$ ]] || {
  echo 'REGION must be a region of Google Cloud, such as europe-west1: not a zone, such as europe-west1-b.' >&2
  exit 2
}
[[ $prefix =~ ^[a-z][a-z0-9-]{2,15}[a-z0-9]$ ]] || {
  echo 'PREFIX must be 4 to 17 small letters, digits and hyphens, beginning with a letter.' >&2
  exit 2
}
[[ $public =~ ^(true|no-check|false)$ ]] || {
  echo 'PUBLIC must be true, no-check or false.' >&2
  exit 2
}
[[ ${CONSOLE_SITE-} != "$project" && ${CONSOLE_SITE:-none-at-all} =~ ^[a-z0-9][a-z0-9-]{4,28}[a-z0-9]$ ]] || {
  echo 'CONSOLE_SITE must be 6 to 30 small letters, digits and hyphens, and not the project'"'"'s id: that is the site of your apps.' >&2
  exit 2
}
if [[ $database == '(default)' && ${CREATE_DATABASE:-true} != true ]]; then
  echo 'Warning: the security rules of an existing (default) database are your apps'"'"'. Rules that let' >&2
  echo 'app users read everything let them read keys and installations: see docs/operations.md, "The database".' >&2
fi
if [[ -n ${APNS_KEY_ID-} ]]; then
  : "${APNS_TEAM_ID:?goes with APNS_KEY_ID: ten characters}" "${APNS_TOPIC:?goes with APNS_KEY_ID: the bundle id}"
fi
id_prefix=${prefix//-/_} # where hyphens are not allowed

# ---------------------------------------------------------------------------------------- running

# A new API, account or grant takes minutes to reach all of Google's services ("typically two, at times
# seven or more"). A command refused for that reason is retried, for at most nine minutes; all other refusals
# end the script. https://cloud.google.com/iam/docs/access-change-propagation
pauses=(2 4 8 15 30 30 60 60 60 60 60 60 60)
passing='has not been used in project|it is disabled|SERVICE_DISABLED'
passing+='|[Ss]ervice account [^ ]* does not exist|Unknown service account|concurrent policy changes'
passing+='|missing permission on the build service account|Permission denied on secret'
passing+='|gcp-sa-pubsub[^ ]* .*(permission|does not exist)|UNAVAILABLE|RESOURCE_EXHAUSTED'

# copies stdin to stdout, and each line to stderr as soon as it comes
aloud() {
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    printf '%s\n' "$line" >&2
    printf '%s\n' "$line"
  done
}

patiently() { # COMMAND…
  local said pause
  for pause in "${pauses[@]}" 0; do
    if { said=$("$@" 2>&1 >&3 | aloud); } 3>&1; then return; fi
    [[ ${said//$'\n'/ } =~ $passing && $pause != 0 ]] || return 1 # bq breaks its lines
    echo "Not known everywhere yet: again in $pause seconds." >&2
    sleep "$pause"
  done
}

run() {
  if [[ -n $dry ]]; then
    printf '%q ' "$@"
    echo
  else
    patiently "$@"
  fi
}
on() { run gcloud "$@" --project="$project" --quiet --format=none; } # in the project

# Whether it can be described. Only a clear "not found" is a no: anything else ends the script.
there() { exists gcloud "$@" --project="$project" --quiet; } # DESCRIBE…
exists() {                                                   # COMMAND…
  local said
  if said=$(patiently "$@" 2>&1 >/dev/null); then return; fi
  [[ ! $said =~ NOT_FOUND|not\ found|status=\[404\] ]] || return 1
  echo "$said" >&2
  exit 1
}

# ensure 'describe …' -- create … -- update …     (without an update, an existing one stays as it is)
ensure() {
  local describe=$1 create=() update=() part=''
  shift
  for word in "$@"; do
    case $word in
      --) if [[ -z $part ]]; then part=create; else part=update; fi ;;
      *) if [[ $part == create ]]; then create+=("$word"); else update+=("$word"); fi ;;
    esac
  done
  # shellcheck disable=SC2086 # a list of words
  if [[ -n $dry ]] || ! there $describe; then
    on "${create[@]}"
  elif [[ ${#update[@]} -gt 0 ]]; then
    on "${update[@]}"
  fi
}

# for what cannot be described beforehand
unless_there() {
  local said
  if ! said=$(on "$@" 2>&1); then
    [[ $said == *ALREADY_EXISTS* || $said == *'already exists'* ]] || { echo "$said" >&2 && return 1; }
  else
    echo "$said"
  fi
}

home=$project # the accounts', wherever they get a role
account() { echo "$prefix-$1@$home.iam.gserviceaccount.com"; }
member() { echo "--member=serviceAccount:$(account "$1")"; }

# A file of the API's form with our names in it; $${ is a ${ that stays.
render() {
  mkdir -p "$here/.gcloud/$(dirname "$1")"
  # shellcheck disable=SC2016 # they are the file's, not the shell's
  sed -e 's/[$][$]{/@@{/g' -e "s/[$]{prefix}/$prefix/g" -e "s/[$]{metric}/$id_prefix/g" \
    -e "s/[$]{project}/$project/g" -e "s/[$]{region}/$region/g" -e 's/@@{/${/g' "$here/$1" >"$here/.gcloud/$1"
  echo "$here/.gcloud/$1"
}

# --------------------------------------------------------------------------------- APIs, accounts

on services enable artifactregistry.googleapis.com cloudbuild.googleapis.com cloudfunctions.googleapis.com \
  cloudresourcemanager.googleapis.com cloudscheduler.googleapis.com cloudtasks.googleapis.com \
  fcm.googleapis.com firestore.googleapis.com iam.googleapis.com identitytoolkit.googleapis.com \
  logging.googleapis.com monitoring.googleapis.com pubsub.googleapis.com run.googleapis.com secretmanager.googleapis.com
[[ ${BIGQUERY-} != true ]] || on services enable bigquery.googleapis.com
[[ -z ${CONSOLE_SITE-} ]] || on services enable firebasehosting.googleapis.com

if [[ -n $dry ]]; then
  number=${PROJECT_NUMBER:-PROJECT_NUMBER}
else
  number=$(patiently gcloud projects describe "$project" --format='value(projectNumber)' --quiet)
fi
url() { echo "https://$prefix-$1-$number.$region.run.app"; }

functions=(api plan send-apns send-fcm deliver tick)

# accounts cannot be described beforehand: IAM answers 403 whether one exists or not
for name in "${functions[@]}" invoker build; do
  unless_there iam service-accounts create "$prefix-$name" --display-name="Volley: $name"
done
# Pub/Sub's own account signs pushes and writes dead letters. Created here, since Pub/Sub creates it later
run gcloud beta services identity create --service=pubsub.googleapis.com --project="$project" --quiet
pubsub_agent=--member=serviceAccount:service-$number@gcp-sa-pubsub.iam.gserviceaccount.com

for name in "${functions[@]}"; do
  on iam service-accounts add-iam-policy-binding "$(account invoker)" \
    "$(member "$name")" --role=roles/iam.serviceAccountUser
done

# ---------------------------------------------------------------------------- secrets, credentials

# Which secrets a function has, as `gcloud functions deploy` wants them, and its credentials.
api_secrets='' apns_secrets='' fcm_secrets=''
api_environment='' apns_environment='' fcm_environment=''

secret() { # NAME FUNCTION…
  local name=$prefix-$1 mount="/secrets/$1:/value=$prefix-$1:latest"
  shift
  ensure "secrets describe $name" -- secrets create "$name" --replication-policy=automatic
  for reader in "$@"; do
    on secrets add-iam-policy-binding "$name" "$(member "$reader")" --role=roles/secretmanager.secretAccessor
    case $reader in
      api) api_secrets+=,$mount ;;
      send-apns) apns_secrets+=,$mount ;;
      send-fcm) fcm_secrets+=,$mount ;;
    esac
  done
}

if [[ ${SEVERAL_APPS-} == true ]]; then
  secret apps api send-apns send-fcm
  api_environment=';VOLLEY_APPS=/secrets/apps/value'
  apns_environment=$api_environment fcm_environment=$api_environment
else
  if [[ -n ${APNS_KEY_ID-} ]]; then
    secret apns-key api send-apns
    apns_environment=";APNS_KEY=/secrets/apns-key/value;APNS_KEY_ID=$APNS_KEY_ID;APNS_TEAM_ID=$APNS_TEAM_ID;APNS_TOPIC=$APNS_TOPIC"
    if [[ -n ${APNS_NEXT_KEY_ID-} ]]; then
      secret apns-next-key api send-apns
      apns_environment+=";APNS_NEXT_KEY=/secrets/apns-next-key/value;APNS_NEXT_KEY_ID=$APNS_NEXT_KEY_ID"
    fi
  fi
  [[ ${FCM:-true} != true ]] || fcm_environment=";FCM_PROJECT_ID=$fcm_project"
  api_environment=$apns_environment$fcm_environment
fi

empty=()
for name in apns-key apns-next-key apps; do
  case ",$api_secrets" in *"$prefix-$name:latest"*)
    [[ -n $dry ]] || there secrets versions describe latest --secret="$prefix-$name" ||
      empty+=("$prefix-$name")
    ;;
  esac
done
if [[ ${#empty[@]} -gt 0 ]]; then
  echo "These secrets have no value yet: ${empty[*]}"
  echo "Add it, then run this again: gcloud secrets versions add NAME --data-file=FILE --project=$project"
  exit 1
fi

# -------------------------------------------------------------------------------------- Firestore

# Waits until the database has no running operation, at most an hour. With much data a field takes that
# long; run this script again to continue.
settled() {
  local operations
  [[ -z $dry ]] || return 0
  for _ in {1..240}; do
    operations=$(patiently gcloud firestore operations list --database="$database" --project="$project" \
      --limit=1000 --format='csv[no-heading](name,done)' --quiet)
    if [[ -z $operations ]] || ! grep -qv ',True$' <<<"$operations"; then return 0; fi
    sleep 15
  done
  echo 'The database is still busy after an hour. Run this again later: it goes on where it stopped.' >&2
  return 1
}

if [[ ${CREATE_DATABASE:-true} == true ]]; then
  protection=()
  [[ ${DELETE_PROTECTION:-true} != true ]] || protection=(--delete-protection)
  ensure "firestore databases describe --database=$database" \
    -- firestore databases create --database="$database" --location="${LOCATION:-$region}" \
    --type=firestore-native ${protection[@]+"${protection[@]}"}
  settled # gcloud does not wait for it
fi

# firestore.indexes.json against what there is (a list of fields, as JSON): a line for each difference
indexes() {
  # shellcheck disable=SC2016 # the dollars are JavaScript's
  node -e '
    const fs = require("fs");
    const { indexes, fieldOverrides } = JSON.parse(fs.readFileSync(process.argv[1]));
    const there = new Map(JSON.parse(fs.readFileSync(0, "utf8") || "[]").map((it) => [it.name.split("/collectionGroups/")[1], it]));
    const config = (it) => it.order ? `order=${it.order.toLowerCase()}` : `array-config=${it.arrayConfig.toLowerCase()}`;
    const flat = (list) => list.map(config).sort().join();
    for (const it of [...indexes, ...fieldOverrides.flatMap((it) => it.indexes)])
      if (it.queryScope !== "COLLECTION") throw new Error("gcloud makes indexes of the scope COLLECTION only");
    for (const it of indexes)
      console.log("index", it.collectionGroup, "-", ...it.fields.map((f) => `--field-config=field-path=${f.fieldPath},${config(f)}`));
    const differs = (it, { indexConfig } = {}) =>
      !indexConfig || flat(it.indexes) !== flat((indexConfig.indexes ?? []).map((i) => i.fields[0]));
    const found = (it) => there.get(`${it.collectionGroup}/fields/${it.fieldPath}`);
    for (const it of fieldOverrides.filter((it) => differs(it, found(it)))) {
      const kept = it.indexes.map((i) => `--index=${config(i)}`);
      console.log("field", it.collectionGroup, it.fieldPath, ...(kept.length ? kept : ["--disable-indexes"]));
    }
    for (const it of fieldOverrides.filter((it) => it.ttl && !found(it)?.ttlConfig))
      console.log("ttl", it.collectionGroup, it.fieldPath);
  ' "$here/../firestore.indexes.json"
}
if [[ -n $dry ]]; then
  differences=$(indexes </dev/null)
else
  fields=$(patiently gcloud firestore indexes fields list --database="$database" --project="$project" --format=json --quiet)
  differences=$(indexes <<<"$fields")
fi
change() { # KIND: those of one kind, side by side; each takes a minute or more
  local kind collection what flags
  while read -r kind collection what flags; do
    [[ $kind == "$1" ]] || continue
    # shellcheck disable=SC2086 # a list of flags
    case $kind in
      index) unless_there firestore indexes composite create --database="$database" \
        --collection-group="$collection" --query-scope=collection --async $flags ;;
      field) on firestore indexes fields update "$what" --database="$database" --collection-group="$collection" --async $flags ;;
      ttl) on firestore fields ttls update "$what" --database="$database" --collection-group="$collection" --enable-ttl --async ;;
    esac
  done <<<"$differences"
}
change index
change field
# a field takes one change at a time, and those that expire have two
[[ $differences != *ttl* ]] || settled
change ttl

only_database="expression=resource.name == \"projects/$project/databases/$database\",title=$prefix database"
for name in "${functions[@]}"; do
  on projects add-iam-policy-binding "$project" "$(member "$name")" --role=roles/datastore.user --condition="$only_database"
done

# ----------------------------------------------------------------------------------------- queues

queue() { # NAME RATE CONCURRENT ATTEMPTS MIN MAX DOUBLINGS [LASTS]
  local name=$prefix-$1 limits=(--location="$region" --max-dispatches-per-second="$2"
    --max-concurrent-dispatches="$3" --max-attempts="$4" --min-backoff="$5" --max-backoff="$6" --max-doublings="$7" ${8:+--max-retry-duration="$8"})
  ensure "tasks queues describe $name --location=$region" \
    -- tasks queues create "$name" "${limits[@]}" -- tasks queues update "$name" "${limits[@]}"
}
queue plan 100 24 60 1s 60s 6 1209600s
queue shard 50 16 60 1s 60s 6
queue send-apns 100 44 60 1s 60s 6
queue send-apns-now 100 16 60 1s 60s 6
queue send-fcm "${FCM_CHUNKS:-2.375}" 24 60 1s 60s 6
queue send-fcm-now "${FCM_CHUNKS_NOW:-8}" 16 60 1s 60s 6
queue deliver 50 40 40 10s 3600s 8

may_queue() { # QUEUE FUNCTION…
  local queue=$prefix-$1
  shift
  for name in "$@"; do
    on tasks queues add-iam-policy-binding "$queue" --location="$region" "$(member "$name")" --role=roles/cloudtasks.enqueuer
  done
}
for name in plan shard send-apns send-apns-now send-fcm send-fcm-now deliver; do # volley doctor
  on tasks queues add-iam-policy-binding "$prefix-$name" --location="$region" "$(member api)" --role=roles/cloudtasks.viewer
done
may_queue plan api plan tick
may_queue shard plan tick
may_queue send-apns plan send-apns tick
may_queue send-apns-now api plan send-apns tick
may_queue send-fcm plan send-fcm tick
may_queue send-fcm-now api plan send-fcm tick
may_queue deliver api deliver tick

# ----------------------------------------------------------------------------------------- events

ensure "pubsub topics describe $prefix-events" \
  -- pubsub topics create "$prefix-events" --message-retention-duration=604800s
ensure "pubsub topics describe $prefix-events-dead" -- pubsub topics create "$prefix-events-dead"
for name in "${functions[@]}"; do
  on pubsub topics add-iam-policy-binding "$prefix-events" "$(member "$name")" --role=roles/pubsub.publisher
done

on iam service-accounts add-iam-policy-binding "$(account invoker)" "$pubsub_agent" --role=roles/iam.serviceAccountOpenIdTokenCreator
on pubsub topics add-iam-policy-binding "$prefix-events-dead" "$pubsub_agent" --role=roles/pubsub.publisher

events=(--ack-deadline=60 --message-retention-duration=604800s --expiration-period=never
  --push-endpoint="$(url deliver)" --push-auth-service-account="$(account invoker)" --push-auth-token-audience="$(url deliver)"
  --min-retry-delay=10s --max-retry-delay=600s
  --dead-letter-topic="$prefix-events-dead" --max-delivery-attempts=20)
ensure "pubsub subscriptions describe $prefix-events" \
  -- pubsub subscriptions create "$prefix-events" --topic="$prefix-events" "${events[@]}" \
  -- pubsub subscriptions update "$prefix-events" "${events[@]}"
ensure "pubsub subscriptions describe $prefix-events-dead" \
  -- pubsub subscriptions create "$prefix-events-dead" --topic="$prefix-events-dead" \
  --ack-deadline=60 --message-retention-duration=1209600s --expiration-period=never
on pubsub subscriptions add-iam-policy-binding "$prefix-events-dead" "$(member api)" --role=roles/pubsub.subscriber
on pubsub subscriptions add-iam-policy-binding "$prefix-events" "$pubsub_agent" --role=roles/pubsub.subscriber

if [[ ${BIGQUERY-} == true ]]; then
  columns='subscription_name:STRING,message_id:STRING,publish_time:TIMESTAMP,attributes:JSON,data:JSON'
  told() { "$@" >&2; } # bq complains on stdout
  bigquery() {
    if [[ -n $dry ]]; then run bq --quiet --project_id="$project" "$@"; else patiently told bq --quiet --project_id="$project" "$@"; fi
  }
  bigquery --location="$region" mk --force --dataset "$project:$id_prefix"
  bigquery mk --force --table --time_partitioning_type=DAY \
    --time_partitioning_field=publish_time "$project:$id_prefix.events" "$columns"
  view=$(tr '\n' ' ' <"$here/rows.sql" | sed "s/EVENTS/$project.$id_prefix.events/; s/ *$//")
  bigquery mk --force --use_legacy_sql=false --view="$view" "$project:$id_prefix.rows_1"
  for role in roles/bigquery.dataEditor roles/bigquery.metadataViewer; do
    bigquery add-iam-policy-binding "$pubsub_agent" --role="$role" "$project:$id_prefix.events"
  done
  ensure "pubsub subscriptions describe $prefix-events-bigquery" \
    -- pubsub subscriptions create "$prefix-events-bigquery" --topic="$prefix-events" --expiration-period=never \
    --bigquery-table="$project:$id_prefix.events" --write-metadata
fi

# ------------------------------------------------------------------------------- roles of our own

role() { # PROJECT ID TITLE PERMISSIONS FUNCTION…
  local project=$1 id=${id_prefix}_$2 it=(--title="$3" --permissions="$4" --stage=GA) name
  shift 4
  ensure "iam roles describe $id" -- iam roles create "$id" "${it[@]}" -- iam roles update "$id" "${it[@]}"
  for name in "$@"; do
    on projects add-iam-policy-binding "$project" "$(member "$name")" \
      --role="projects/$project/roles/$id" --condition=None
  done
}
role "$project" people 'Volley: looks a user up' firebaseauth.users.get api
role "$project" task_finder 'Volley: sees whether a task waits' cloudtasks.tasks.get
may_find() { # FUNCTION QUEUE…
  local name=$1 queue
  shift
  for queue in "$@"; do
    on tasks queues add-iam-policy-binding "$prefix-$queue" --location="$region" "$(member "$name")" \
      --role="projects/$project/roles/${id_prefix}_task_finder"
  done
}
may_find plan shard send-apns send-apns-now send-fcm send-fcm-now
may_find tick plan shard send-apns send-apns-now send-fcm send-fcm-now deliver
[[ ${FCM:-true} != true ]] ||
  role "$fcm_project" fcm_sender 'Volley: sends FCM messages' cloudmessaging.messages.create api send-fcm

# -------------------------------------------------------------------------------- the build's account

ensure "artifacts repositories describe $prefix --location=$region" \
  -- artifacts repositories create "$prefix" --repository-format=docker --location="$region"
on artifacts repositories set-cleanup-policies "$prefix" --location="$region" --policy="$here/cleanup.json" --no-dry-run
on artifacts repositories add-iam-policy-binding "$prefix" --location="$region" "$(member build)" --role=roles/artifactregistry.writer
on projects add-iam-policy-binding "$project" "$(member build)" --role=roles/logging.logWriter --condition=None
only_sources="expression=resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-$number-$region\"),title=$prefix sources"
on projects add-iam-policy-binding "$project" "$(member build)" --role=roles/storage.objectViewer --condition="$only_sources"

# -------------------------------------------------------------------------------------- functions

# Neither --allow-unauthenticated nor its opposite: on a function that exists, the opposite takes allUsers
# away, and the API is offline until the end of the script. A new function admits no caller by default.
deploy() { # NAME TARGET MEMORY CONCURRENCY INSTANCES TIMEOUT SECRETS ENVIRONMENT
  local secrets=(--clear-secrets) ingress=internal-only warm=0 pair
  [[ -z $7 ]] || secrets=(--set-secrets="${7#,}")
  [[ $1 != api ]] || ingress=all
  for pair in ${WARM-}; do [[ $pair != "$1="* ]] || warm=${pair#*=}; done
  on functions deploy "$prefix-$1" --gen2 --region="$region" --runtime=nodejs24 --source="$here/../dist" \
    --entry-point="$2" --trigger-http --ingress-settings="$ingress" \
    --run-service-account="$(account "$1")" \
    --build-service-account="projects/$project/serviceAccounts/$(account build)" \
    --docker-repository="projects/$project/locations/$region/repositories/$prefix" \
    --cpu=1 --memory="$3" --concurrency="$4" --max-instances="$5" --min-instances="$warm" --timeout="$6" \
    "${secrets[@]}" \
    --set-env-vars="^;^GOOGLE_CLOUD_PROJECT=$project;VOLLEY_REGION=$region;VOLLEY_PREFIX=$prefix;VOLLEY_DATABASE=$database;VOLLEY_INVOKER=$(account invoker);VOLLEY_URL=$(url "$1");VOLLEY_PLAN_URL=$(url plan);VOLLEY_SEND_APNS_URL=$(url send-apns);VOLLEY_SEND_FCM_URL=$(url send-fcm);VOLLEY_DELIVER_URL=$(url deliver);VOLLEY_RETENTION_DAYS=${RETENTION_DAYS:-30};VOLLEY_TRUSTED_HOPS=${TRUSTED_HOPS:-1};VOLLEY_INVOKER_CHECK=platform;NODE_OPTIONS=--enable-source-maps --max-semi-space-size=8 --max-old-space-size=$((${3%Mi} / 2))$8"
}
deploy api api 512Mi 80 10 900 "$api_secrets" "$api_environment"
deploy plan plan 512Mi 4 10 600 '' ''
deploy send-apns sendApns 512Mi 12 5 600 "$apns_secrets" "$apns_environment"
deploy send-fcm sendFcm 512Mi 16 3 600 "$fcm_secrets" "$fcm_environment"
deploy deliver deliver 256Mi 20 4 60 '' ''
deploy tick tick 256Mi 1 1 300 '' ''

# Only the invoker may call the functions other than the API.
for name in plan send-apns send-fcm deliver tick; do
  on run services add-iam-policy-binding "$prefix-$name" --region="$region" "$(member invoker)" --role=roles/run.invoker
done

tick=(--location="$region" --schedule='* * * * *' --time-zone=Etc/UTC --http-method=POST --uri="$(url tick)"
  --oidc-service-account-email="$(account invoker)" --oidc-token-audience="$(url tick)"
  --attempt-deadline=300s --max-retry-attempts=0)
ensure "scheduler jobs describe $prefix-tick --location=$region" \
  -- scheduler jobs create http "$prefix-tick" "${tick[@]}" -- scheduler jobs update http "$prefix-tick" "${tick[@]}"

# ------------------------------------------------------------------------------------- monitoring

for file in "$here"/metrics/*.json; do
  name=$prefix/$(basename "$file" .json)
  rendered=$(render "metrics/$(basename "$file")")
  ensure "logging metrics describe $name" \
    -- logging metrics create "$name" --config-from-file="$rendered" \
    -- logging metrics update "$name" --config-from-file="$rendered"
done

# found LIST-COMMAND DISPLAY-NAME: the name of the one that is there, or nothing
found() {
  # shellcheck disable=SC2086 # a list of words
  [[ -n $dry ]] || patiently gcloud $1 --project="$project" --filter="displayName=\"$2\"" --format='value(name)' --quiet | head -n 1
}
title() { sed -n 's/^  "displayName": "\(.*\)",\{0,1\}$/\1/p' "$1"; }

rendered=$(render dashboard.json)
there=$(found 'monitoring dashboards list' "$(title "$rendered")")
if [[ -z $there ]]; then
  on monitoring dashboards create --config-from-file="$rendered"
else
  on monitoring dashboards update "$there" --config-from-file="$rendered"
fi

channels=''
for email in ${ALERT_EMAILS-}; do
  there=$(found 'beta monitoring channels list' "$prefix: $email")
  if [[ -z $there ]]; then
    on beta monitoring channels create --display-name="$prefix: $email" --type=email --channel-labels="email_address=$email"
    there=$(found 'beta monitoring channels list' "$prefix: $email")
  fi
  channels+=,${there:-CHANNEL}
done

for file in "$here"/alerts/*.json; do
  rendered=$(render "alerts/$(basename "$file")")
  there=$(found 'alpha monitoring policies list' "$(title "$rendered")")
  notify=()
  if [[ -z $there ]]; then
    [[ -z $channels ]] || notify=(--notification-channels="${channels#,}")
    on alpha monitoring policies create --policy-from-file="$rendered" ${notify[@]+"${notify[@]}"}
  else
    [[ -z $channels ]] || notify=(--set-notification-channels="${channels#,}")
    on alpha monitoring policies update "$there" --policy-from-file="$rendered" ${notify[@]+"${notify[@]}"}
  fi
done

# ------------------------------------------------------------------------------------ the console

# Hosting has no gcloud command. The token is read from a pipe, so that no list of processes shows it.
# https://firebase.google.com/docs/reference/hosting/rest/v1beta1/projects.sites
hosting() { # METHOD PATH
  local method=$1 path=$2 said body=()
  [[ $method == GET ]] || body=(--data '{}')
  said=$(gcloud auth print-access-token --quiet | sed 's/^/Authorization: Bearer /' |
    curl --silent --show-error --fail-with-body --max-time 60 --request "$method" --header @- \
      --header "X-Goog-User-Project: $project" --header 'Content-Type: application/json' ${body[@]+"${body[@]}"} \
      "${CLOUDSDK_API_ENDPOINT_OVERRIDES_FIREBASEHOSTING:-https://firebasehosting.googleapis.com/}v1beta1/projects/$project/$path" 2>&1) ||
    { echo "$said" >&2 && return 1; }
}
if [[ -n ${CONSOLE_SITE-} ]]; then
  if [[ -n $dry ]] || ! exists hosting GET "sites/$CONSOLE_SITE"; then
    run hosting POST "sites?siteId=$CONSOLE_SITE"
  fi
fi

# --------------------------------------------------------------------------- the API to the public

# The last step, so that an organisation which forbids it blocks no other step.
case $public in
  true)
    on run services add-iam-policy-binding "$prefix-api" --region="$region" --member=allUsers --role=roles/run.invoker || {
      echo 'Everything is there, but the API is not public. Does your organisation restrict sharing by' >&2
      echo 'domain (iam.allowedPolicyMemberDomains)? Then run this again with PUBLIC=no-check: docs/operations.md.' >&2
      exit 1
    }
    ;;
  no-check) on run services update "$prefix-api" --region="$region" --no-invoker-iam-check ;;
esac

cat <<END
The API: $(url api)
The first key (shown once): npm run --silent key -- --project $project --database '$database' --name first
Then: export VOLLEY_URL=$(url api) VOLLEY_API_KEY=volley_…
      npx volley doctor
      Register one device of your own and push to it alone: infra/README.md, steps 9 and 10
END
