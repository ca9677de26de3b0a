terraform {
  required_version = ">= 1.6"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }

  # The state holds no secret, but whoever can write it can change the deployment: a bucket of its
  # own, given at `terraform init -backend-config=bucket=…` (README.md, step 4).
  backend "gcs" {
    prefix = "volley"
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
