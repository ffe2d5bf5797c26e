using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Orchestrator.ServiceDefaults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.ServiceDefaults;

/// <summary>A real server on a port of its own, with the defaults and nothing else.</summary>
public sealed class ServiceDefaultsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Alive_WhateverTheChecksSay_Is200()
    {
        await using var app = await StartAsync(services => AddCheck(services, HealthCheckResult.Unhealthy("secret")));
        using var client = ClientOf(app);

        Assert.Equal("alive", await client.GetStringAsync("/alive", Stop));
    }

    [Fact]
    public async Task Ready_UnhealthyCheck_Is503AndTellsNoDetails()
    {
        await using var app = await StartAsync(services => AddCheck(services, HealthCheckResult.Unhealthy("secret")));
        using var client = ClientOf(app);
        using var answer = await client.GetAsync("/ready", Stop);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("""{"status":"unready","checks":{"store":"unhealthy"}}""", await answer.Content.ReadAsStringAsync(Stop));
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task Ready_Post_IsNotAllowed()
    {
        await using var app = await StartAsync();
        using var client = ClientOf(app);
        using var answer = await client.PostAsync("/ready", null, Stop);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Fact]
    public async Task Ready_OnlyChecksWithoutTheTagFail_Is200()
    {
        await using var app = await StartAsync(services =>
            services.AddHealthChecks().AddCheck("other", () => HealthCheckResult.Unhealthy()));
        using var client = ClientOf(app);
        using var answer = JsonDocument.Parse(await client.GetStringAsync("/ready", Stop));

        Assert.Equal("ready", answer.RootElement.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(null, "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8")]
    public async Task Metrics_AfterARequest_TellOfItAndOfTheRuntime(string? accept, string contentType)
    {
        await using var app = await StartAsync();
        using var client = ClientOf(app);
        await client.GetStringAsync("/hello", Stop);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (accept is not null)
        {
            request.Headers.Add("Accept", accept);
        }

        using var answer = await client.SendAsync(request, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);

        Assert.Equal(contentType, answer.Content.Headers.ContentType!.ToString());
        Assert.Contains("http_route=\"/hello\"", text, StringComparison.Ordinal);
        Assert.Contains("http_server_request_duration_seconds_count{", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_process_memory_working_set_bytes ", text, StringComparison.Ordinal);
        Assert.Contains("kestrel_active_connections{", text, StringComparison.Ordinal);
        Assert.Contains("target_info{service_instance_id=\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("/metrics\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_OfARealServer_PassPromtool()
    {
        var promtool = Components.Require("promtool");
        await using var app = await StartAsync();
        using var client = ClientOf(app);
        await client.GetStringAsync("/hello", Stop);
        var text = await client.GetStringAsync("/metrics", Stop);

        using var check = Subprocess.Start(new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        await check.StandardInput.WriteAsync(text);
        check.StandardInput.Close();
        var said = await check.StandardError.ReadToEndAsync(Stop) + await check.StandardOutput.ReadToEndAsync(Stop);
        await check.WaitForExitAsync(Stop);

        // 1 is for text that can't be read, 3 for names that break a custom: .NET's own are what they are.
        Assert.True(check.ExitCode is 0 or 3, said);
        Assert.All(said.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("dotnet_", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AddServiceDefaults_NoCollectorNamed_StartsNothingOfOpenTelemetry()
    {
        await using var app = await StartAsync();

        Assert.Null(app.Services.GetService<TracerProvider>());
        Assert.Null(app.Services.GetService<MeterProvider>());
    }

    private static void AddCheck(IServiceCollection services, HealthCheckResult result) =>
        services.AddHealthChecks().AddCheck("store", () => result, ["ready"]);

    private static async Task<WebApplication> StartAsync(Action<IServiceCollection>? configure = null)
    {
        var builder = LocalServer.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        builder.Logging.ClearProviders();
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/hello", (HttpContext context) => context.Response.WriteAsync("hello"));
        await app.StartAsync(Stop);
        return app;
    }

    private static HttpClient ClientOf(WebApplication app) => new() { BaseAddress = new Uri(app.Urls.First()) };
}
