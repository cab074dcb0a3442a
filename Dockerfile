# The processes of examples/order-fulfilment, for docker-compose.yml; what one of them does, its command says.
FROM node:24-slim AS build
WORKDIR /app
COPY . .
RUN npm ci && npm run build && npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production NODE_OPTIONS=--disable-warning=ExperimentalWarning
COPY --from=build /app /app
# A named volume that is empty takes over the owner of the folder that it is mounted at.
RUN mkdir -p /data/sagas /data/orders /data/payments /data/inventory /data/demo && chown -R node:node /data
USER node
WORKDIR /app/examples/order-fulfilment
