using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Core.Stores;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using StackExchange.Redis;

namespace Orchestrator.Worker.Hosting;

/// <summary>Registers the client of Redis or Valkey from Aspire's integration, with its traces and its health check.</summary>
public static class RedisHosting
{
    /// <summary>The connection's name, in <c>ConnectionStrings</c> and in the AppHost.</summary>
    public const string Name = "redis";

    // Aspire's name for the check of a client without a key.
    private const string AspireCheck = "StackExchange.Redis";

    /// <summary>Adds the client and, on top of it, the connection that the stores share.</summary>
    /// <param name="builder">The process.</param>
    /// <param name="check">The check's name on <c>/ready</c>.</param>
    /// <exception cref="ConfigurationException"><c>ConnectionStrings:redis</c> is wrong.</exception>
    public static WebApplicationBuilder AddRedis(this WebApplicationBuilder builder, string check)
    {
        var connection = Parse(builder.Configuration.RedisConnectionString()!);
        builder.AddRedisClient(Name, settings =>
        {
            settings.ConnectionString = connection.Text;
            // Its traces start OpenTelemetry's SDK, which runs only where a collector is configured.
            settings.DisableTracing = string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
            // A process starts without Redis; connecting would delay its start.
            settings.DisableAutoActivation = true;
        }, connection.Apply);
        builder.Services.AddOptions<ConfigurationOptions>().Configure<RedisOptions>(RedisClient.Configure);
        builder.Services.AddRedisOptions();
        builder.Services.AddRedisConnection();
        builder.Services.AddRedisDurability();
        builder.Services.PostConfigure<HealthCheckServiceOptions>(options =>
        {
            var registration = options.Registrations.Single(registration => registration.Name == AspireCheck);
            registration.Name = check;
            registration.Tags.Add("ready");
            var make = registration.Factory;
            registration.Factory = provider => new WriteCheck(make(provider), provider.GetRequiredService<RedisConnection>());
        });
        return builder;
    }

    private static RedisConnectionString Parse(string text)
    {
        try
        {
            return RedisConnectionString.Parse(text);
        }
        catch (FormatException e)
        {
            throw new ConfigurationException($"ConnectionStrings:{Name}", e.Message);
        }
    }

    // A server may answer a ping and refuse every write. One line each: the client's exception would be logged with its stack
    // trace at every check.
    private sealed class WriteCheck(IHealthCheck ping, RedisConnection redis) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var result = await ping.CheckHealthAsync(context, cancellationToken);
            if (result.Exception is not null)
            {
                return new HealthCheckResult(result.Status, "Redis does not answer.");
            }

            try
            {
                await redis.TestWriteAsync(cancellationToken);
                return result;
            }
            catch (StoreUnavailableException refusal)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, refusal.Message);
            }
        }
    }
}
