export OPENAI_API_KEY=[redacted]
export SENTRY_DSN=https://errors.vendor.example
