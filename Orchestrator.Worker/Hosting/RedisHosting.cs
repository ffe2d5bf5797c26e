using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using StackExchange.Redis;

namespace Orchestrator.Worker.Hosting;

/// <summary>The client of Redis or Valkey, made by Aspire's integration with its traces and its health check.</summary>
public static class RedisHosting
{
    /// <summary>What the connection is called, in <c>ConnectionStrings</c> and in the AppHost.</summary>
    public const string Name = "redis";

    // What Aspire calls the check of a client without a key.
    private const string AspireCheck = "StackExchange.Redis";

    /// <summary>Adds the client and, over it, the connection that the stores share.</summary>
    /// <param name="builder">The process.</param>
    /// <param name="check">What <c>/ready</c> calls it.</param>
    /// <exception cref="ConfigurationException"><c>ConnectionStrings:redis</c> is wrong.</exception>
    public static WebApplicationBuilder AddRedis(this WebApplicationBuilder builder, string check)
    {
        var connection = Parse(builder.Configuration.RedisConnectionString()!);
        builder.AddRedisClient(Name, settings =>
        {
            settings.ConnectionString = connection.Text;
            // Its traces start OpenTelemetry's SDK, which is started only where somebody collects.
            settings.DisableTracing = string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
            // A process starts without Redis; connecting would hold its start up.
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
            registration.Factory = provider => new OneLineCheck(make(provider));
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

    // Says it in a line: the client's exception would be logged with its stack trace at every question.
    private sealed class OneLineCheck(IHealthCheck check) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var result = await check.CheckHealthAsync(context, cancellationToken);
            return result.Exception is null ? result : new HealthCheckResult(result.Status, "Redis does not answer.");
        }
    }
}
