using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace OpenTelemetry;

/// <summary>
/// The chain that <c>AddOpenTelemetry</c> starts. Every step comes from the SDK's own extensions, and may be taken
/// several times: there is one provider of each kind, configured by all steps in turn.
/// </summary>
public sealed class OpenTelemetryBuilder : IOpenTelemetryBuilder
{
    internal OpenTelemetryBuilder(IServiceCollection services) => Services = services;

    public IServiceCollection Services { get; }

    /// <summary>Says what traces, metrics and logs are about.</summary>
    public OpenTelemetryBuilder ConfigureResource(Action<ResourceBuilder> configure) =>
        Chain(OpenTelemetryBuilderSdkExtensions.ConfigureResource(this, configure));

    public OpenTelemetryBuilder WithMetrics() => Chain(OpenTelemetryBuilderSdkExtensions.WithMetrics(this));

    public OpenTelemetryBuilder WithMetrics(Action<MeterProviderBuilder> configure) =>
        Chain(OpenTelemetryBuilderSdkExtensions.WithMetrics(this, configure));

    public OpenTelemetryBuilder WithTracing() => Chain(OpenTelemetryBuilderSdkExtensions.WithTracing(this));

    public OpenTelemetryBuilder WithTracing(Action<TracerProviderBuilder> configure) =>
        Chain(OpenTelemetryBuilderSdkExtensions.WithTracing(this, configure));

    public OpenTelemetryBuilder WithLogging() => Chain(OpenTelemetryBuilderSdkExtensions.WithLogging(this));

    public OpenTelemetryBuilder WithLogging(Action<LoggerProviderBuilder> configure) =>
        Chain(OpenTelemetryBuilderSdkExtensions.WithLogging(this, configure));

    public OpenTelemetryBuilder WithLogging(
        Action<LoggerProviderBuilder>? configureBuilder, Action<OpenTelemetryLoggerOptions>? configureOptions) =>
        Chain(OpenTelemetryBuilderSdkExtensions.WithLogging(this, configureBuilder, configureOptions));

    /// <summary>The SDK's steps give back the interface; this gives back the class.</summary>
    private OpenTelemetryBuilder Chain(IOpenTelemetryBuilder step) => step == this ? this : new(step.Services);
}
