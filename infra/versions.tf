terraform {
  required_version = ">= 1.6"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    # for what `google` does not have: the account of Pub/Sub itself (events.tf), Hosting (console.tf)
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 6.50"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }

  # The state holds no secret, but write access to it can change the deployment, so it has its own bucket.
  # Bucket and prefix are given at `terraform init` (README.md, step 4), a prefix for each deployment.
  backend "gcs" {}
}

# A state belongs to one deployment. With the state of another (a forgotten `-backend-config=prefix=…`) a
# plan would replace everything, secrets included. So the state names its deployment, and a plan of another fails.
resource "terraform_data" "deployment" {
  input = "${var.project}/${var.prefix}"

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output == "${var.project}/${var.prefix}"
      error_message = "This state is of the deployment ${self.output}, not of ${var.project}/${var.prefix}. Give each its own: terraform init -reconfigure -backend-config=bucket=… -backend-config=prefix=${var.prefix}"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region

  # quotas of user credentials are counted where the work is, not where gcloud comes from
  user_project_override = true
  billing_project       = var.project

  default_labels = { app = var.prefix }
}

provider "google-beta" {
  project               = var.project
  region                = var.region
  user_project_override = true
  billing_project       = var.project
}
