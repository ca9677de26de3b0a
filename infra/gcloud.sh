#!/usr/bin/env bash
#
# The deployment of Volley with gcloud alone, for teams without Terraform. It can be run again at any
# time: what is there is brought up to date, nothing is deleted. It makes what the Terraform beside it
# makes, but for what needs Terraform (GitHub's workflows) and the bucket of the source, which gcloud
# has its own for; test/infra/ compares the two. The numbers' reasons stand in queues.tf and
# functions.tf.
#
#   PROJECT=my-project-1234 APNS_KEY_ID=… APNS_TEAM_ID=… APNS_TOPIC=com.example.app infra/gcloud.sh
#   … infra/gcloud.sh --dry-run      prints every command, and asks and changes nothing
#
# Settings, from the environment; only PROJECT must be there:
#
#   REGION (europe-west1)  PREFIX (volley)  RETENTION_DAYS (30)
#   DATABASE ((default))   CREATE_DATABASE (true)  LOCATION (the region)  DELETE_PROTECTION (true)
#   APNS_KEY_ID  APNS_TEAM_ID  APNS_TOPIC  APNS_NEXT_KEY_ID
#   FCM (true)  FCM_PROJECT (PROJECT)  FCM_CHUNKS (9.5), FCM_CHUNKS_NOW (9): see queues.tf for another quota
#   SEVERAL_APPS (false)   WARM, such as "api=1 plan=1"  TRUSTED_HOPS (1)
#   ALERT_EMAILS, such as "a@example.com b@example.com"  BIGQUERY (false)
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
database=${DATABASE:-(default)}
fcm_project=${FCM_PROJECT:-$project}
[[ $prefix =~ ^[a-z][a-z0-9-]{0,15}[a-z0-9]$ ]] || {
  echo 'PREFIX must be 2 to 17 small letters, digits and hyphens, beginning with a letter.' >&2
  exit 2
}
if [[ -n ${APNS_KEY_ID-} ]]; then
  : "${APNS_TEAM_ID:?goes with APNS_KEY_ID: ten characters}" "${APNS_TOPIC:?goes with APNS_KEY_ID: the bundle id}"
fi
id_prefix=${prefix//-/_} # where hyphens are not allowed

# ---------------------------------------------------------------------------------------- running

run() {
  if [[ -n $dry ]]; then
    printf '%q ' "$@"
    echo
  else
    "$@"
  fi
}
on() { run gcloud "$@" --project="$project" --quiet; } # in the project

# ensure 'describe …' -- create … -- update …     (without an update: it is there, all is well)
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
  if [[ -n $dry ]] || ! gcloud $describe --project="$project" --quiet >/dev/null 2>&1; then
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

account() { echo "$prefix-$1@$project.iam.gserviceaccount.com"; }
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

if [[ -n $dry ]]; then
  number=${PROJECT_NUMBER:-PROJECT_NUMBER}
else
  number=$(gcloud projects describe "$project" --format='value(projectNumber)')
fi
url() { echo "https://$prefix-$1-$number.$region.run.app"; }

functions=(api plan send-apns send-fcm deliver tick)

for name in "${functions[@]}" invoker build; do
  ensure "iam service-accounts describe $(account "$name")" \
    -- iam service-accounts create "$prefix-$name" --display-name="Volley: $name"
done
for name in api plan send-apns send-fcm deliver tick; do
  on iam service-accounts add-iam-policy-binding "$(account invoker)" \
    "$(member "$name")" --role=roles/iam.serviceAccountUser
done

# -------------------------------------------------------------------------------------- Firestore

if [[ ${CREATE_DATABASE:-true} == true ]]; then
  protection=()
  [[ ${DELETE_PROTECTION:-true} != true ]] || protection=(--delete-protection)
  ensure "firestore databases describe --database=$database" \
    -- firestore databases create --database="$database" --location="${LOCATION:-$region}" \
    --type=firestore-native ${protection[@]+"${protection[@]}"}
fi

# firestore.indexes.json, a line for each of what is in it
indexes() {
  # shellcheck disable=SC2016 # the dollars are JavaScript's
  node -e '
    const { indexes, fieldOverrides } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    const config = (it) => it.order ? `order=${it.order.toLowerCase()}` : `array-config=${it.arrayConfig.toLowerCase()}`;
    const scope = (it) => it.queryScope.toLowerCase().replace("_", "-");
    for (const it of indexes)
      console.log("index", it.collectionGroup, scope(it), ...it.fields.map((f) => `--field-config=field-path=${f.fieldPath},${config(f)}`));
    for (const it of fieldOverrides) {
      const kept = it.indexes.map((i) => `--index=${config(i)}${i.queryScope ? `,query-scope=${scope(i)}` : ""}`);
      console.log("field", it.collectionGroup, it.fieldPath, ...(kept.length ? kept : ["--disable-indexes"]));
      if (it.ttl) console.log("ttl", it.collectionGroup, it.fieldPath);
    }' "$here/../firestore.indexes.json"
}
while read -r kind collection what flags; do
  # shellcheck disable=SC2086 # a list of flags
  case $kind in
    index) unless_there firestore indexes composite create --database="$database" \
      --collection-group="$collection" --query-scope="$what" --async $flags ;;
    field) on firestore indexes fields update "$what" --database="$database" --collection-group="$collection" --async $flags ;;
    ttl) on firestore fields ttls update "$what" --database="$database" --collection-group="$collection" --enable-ttl --async ;;
  esac
done < <(indexes)

only_database="expression=resource.name == \"projects/$project/databases/$database\",title=$prefix database"
for name in api plan send-apns send-fcm deliver tick; do
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
queue shard 10 16 60 1s 60s 6
queue send-apns 50 32 60 1s 60s 6
queue send-apns-now 100 8 60 1s 60s 6
queue send-fcm "${FCM_CHUNKS:-9.5}" 30 60 1s 60s 6
queue send-fcm-now "${FCM_CHUNKS_NOW:-9}" 10 60 1s 60s 6
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
for name in api plan send-apns send-fcm deliver tick; do
  on pubsub topics add-iam-policy-binding "$prefix-events" "$(member "$name")" --role=roles/pubsub.publisher
done

run gcloud beta services identity create --service=pubsub.googleapis.com --project="$project" --quiet
pubsub_agent=--member=serviceAccount:service-$number@gcp-sa-pubsub.iam.gserviceaccount.com
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
on pubsub subscriptions add-iam-policy-binding "$prefix-events" "$pubsub_agent" --role=roles/pubsub.subscriber

if [[ ${BIGQUERY-} == true ]]; then
  columns='subscription_name:STRING,message_id:STRING,publish_time:TIMESTAMP,attributes:JSON,data:JSON'
  run bq --project_id="$project" --location="$region" mk --force --dataset "$project:$id_prefix"
  run bq --project_id="$project" mk --force --table --time_partitioning_type=DAY \
    --time_partitioning_field=publish_time "$project:$id_prefix.events" "$columns"
  for role in roles/bigquery.dataEditor roles/bigquery.metadataViewer; do
    run bq --project_id="$project" add-iam-policy-binding "$pubsub_agent" --role="$role" "$project:$id_prefix.events"
  done
  ensure "pubsub subscriptions describe $prefix-events-bigquery" \
    -- pubsub subscriptions create "$prefix-events-bigquery" --topic="$prefix-events" --expiration-period=never \
    --bigquery-table="$project:$id_prefix.events" --write-metadata
fi

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

role() { # PROJECT ID TITLE PERMISSIONS FUNCTION…
  local in=$1 id=${id_prefix}_$2 it=(--project="$1" --title="$3" --permissions="$4" --stage=GA --quiet) name
  shift 4
  if [[ -n $dry ]] || ! gcloud iam roles describe "$id" --project="$in" --quiet >/dev/null 2>&1; then
    run gcloud iam roles create "$id" "${it[@]}"
  else
    run gcloud iam roles update "$id" "${it[@]}"
  fi
  for name in "$@"; do
    run gcloud projects add-iam-policy-binding "$in" "$(member "$name")" \
      --role="projects/$in/roles/$id" --condition=None --quiet
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
on artifacts repositories add-iam-policy-binding "$prefix" --location="$region" "$(member build)" --role=roles/artifactregistry.writer
on projects add-iam-policy-binding "$project" "$(member build)" --role=roles/logging.logWriter --condition=None
only_sources="expression=resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-$number-$region\"),title=$prefix sources"
on projects add-iam-policy-binding "$project" "$(member build)" --role=roles/storage.objectViewer --condition="$only_sources"

# -------------------------------------------------------------------------------------- functions

empty=()
for name in apns-key apns-next-key apps; do
  case ",$api_secrets" in *"$prefix-$name:latest"*)
    [[ -n $dry ]] || gcloud secrets versions describe latest --secret="$prefix-$name" --project="$project" --quiet >/dev/null 2>&1 ||
      empty+=("$prefix-$name")
    ;;
  esac
done
if [[ ${#empty[@]} -gt 0 ]]; then
  echo "These secrets have no value yet: ${empty[*]}"
  echo "Add it, then run this again: gcloud secrets versions add NAME --data-file=FILE --project=$project"
  exit 1
fi

deploy() { # NAME TARGET MEMORY CONCURRENCY INSTANCES TIMEOUT SECRETS ENVIRONMENT
  local secrets=(--clear-secrets) ingress=internal-only warm=0 pair
  [[ -z $7 ]] || secrets=(--set-secrets="${7#,}")
  [[ $1 != api ]] || ingress=all
  for pair in ${WARM-}; do [[ $pair != "$1="* ]] || warm=${pair#*=}; done
  on functions deploy "$prefix-$1" --gen2 --region="$region" --runtime=nodejs24 --source="$here/../dist" \
    --entry-point="$2" --trigger-http --no-allow-unauthenticated --ingress-settings="$ingress" \
    --run-service-account="$(account "$1")" \
    --build-service-account="projects/$project/serviceAccounts/$(account build)" \
    --docker-repository="projects/$project/locations/$region/repositories/$prefix" \
    --cpu=1 --memory="$3" --concurrency="$4" --max-instances="$5" --min-instances="$warm" --timeout="$6" \
    "${secrets[@]}" \
    --set-env-vars="^;^GOOGLE_CLOUD_PROJECT=$project;VOLLEY_REGION=$region;VOLLEY_PREFIX=$prefix;VOLLEY_DATABASE=$database;VOLLEY_INVOKER=$(account invoker);VOLLEY_URL=$(url "$1");VOLLEY_PLAN_URL=$(url plan);VOLLEY_SEND_APNS_URL=$(url send-apns);VOLLEY_SEND_FCM_URL=$(url send-fcm);VOLLEY_DELIVER_URL=$(url deliver);VOLLEY_RETENTION_DAYS=${RETENTION_DAYS:-30};VOLLEY_TRUSTED_HOPS=${TRUSTED_HOPS:-1};VOLLEY_INVOKER_CHECK=platform;NODE_OPTIONS=--enable-source-maps$8"
}
deploy api api 512Mi 80 10 900 "$api_secrets" "$api_environment"
deploy plan plan 512Mi 4 10 600 '' ''
deploy send-apns sendApns 512Mi 8 5 600 "$apns_secrets" "$apns_environment"
deploy send-fcm sendFcm 512Mi 8 5 600 "$fcm_secrets" "$fcm_environment"
deploy deliver deliver 256Mi 20 4 60 '' ''
deploy tick tick 256Mi 1 1 300 '' ''

# Only the API is public. Everybody else is called by the invoker.
on run services add-iam-policy-binding "$prefix-api" --region="$region" --member=allUsers --role=roles/run.invoker
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
  [[ -n $dry ]] || gcloud $1 --project="$project" --filter="displayName=\"$2\"" --format='value(name)' --quiet | head -n 1
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

cat <<END
The API: $(url api)
The first key (shown once): npm run --silent key -- --project $project --database '$database' --name first
Then: VOLLEY_URL=$(url api) VOLLEY_API_KEY=volley_… npx volley doctor
END
