export OPENAI_API_KEY=sk-sample-not-a-real-key
export SENTRY_DSN=https://0123@errors.vendor.example/42
