output "api_url" {
  description = "The API: `volley --url`, or VOLLEY_URL."
  value       = local.urls.api
}

output "next" {
  description = "The next steps, to do by hand."
  value       = <<-END
    1. The first API key (shown once; only its hash is stored):
         npm run --silent key -- --project ${var.project} --database '${local.database_id}' --name first
    2. export VOLLEY_URL=${local.urls.api} VOLLEY_API_KEY=volley_…
    3. Check the deployment:       npx volley doctor
    4. Register one device of your own, as user "me": README.md, step 9
    5. Push to it alone:           npx volley message --user me --title Hello --body World
  END
}

output "secrets_to_fill" {
  description = "Secrets whose value is added by hand: gcloud secrets versions add NAME --data-file=FILE"
  value       = sort([for it in google_secret_manager_secret.this : it.secret_id])
}

output "console" {
  description = "What `npm run build:console` needs, a variable a line; empty without a console."
  value = var.console == null ? "" : join("", [
    "CONSOLE_SITE=${google_firebase_hosting_site.console[0].site_id}\n",
    "FIREBASE_API_KEY=${var.console.api_key}\n",
    "GOOGLE_CLOUD_PROJECT=${var.project}\n",
    "OAUTH_CLIENT_ID=${var.console.oauth_client_id}\n",
    "VOLLEY_PREFIX=${var.prefix}\n",
    "VOLLEY_REGION=${var.region}\n",
  ])
}

output "github" {
  description = "For the repository's variables (Settings, Actions, Variables)."
  value = var.github == null ? null : {
    WORKLOAD_IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github[0].name
    PLAN_ACCOUNT               = google_service_account.github["github-plan"].email
    APPLY_ACCOUNT              = google_service_account.github["github-apply"].email
    STATE_BUCKET               = var.github.state_bucket
    STATE_PREFIX               = var.prefix
    DEPLOY_ENVIRONMENT         = var.github.environment
  }
}
