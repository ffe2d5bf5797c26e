using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orchestrator.Core.Guests;
using Orchestrator.Engines.Docker;
using Orchestrator.Engines.Guests;
using Orchestrator.Engines.Probes;
using Orchestrator.Engines.Processes;

namespace Orchestrator.Engines;

/// <summary>Chooses and registers the engine that runners live on.</summary>
public static class EngineServices
{
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Adds the <see cref="Core.Engines.IRunnerEngine"/> that the configuration names under <c>Engine</c>:
    /// <c>docker</c>; <c>process</c>, in Development only; or <c>auto</c>, which is Docker, but local processes in
    /// Development while no Docker answers and <see cref="DockerOptions.Host"/> names none. Makes no call to a Docker that is
    /// down: calls fail with <see cref="Core.Engines.EngineUnavailableException"/> until it answers.
    /// </summary>
    /// <remarks>
    /// Needs <see cref="EngineOptions"/>, <see cref="DockerOptions"/> and <see cref="ProcessOptions"/>; a wrong value is not
    /// reported here, but by their check at the start.
    /// </remarks>
    public static IHostApplicationBuilder AddRunnerEngine(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<EngineOptions>, EngineRules>();
        switch (Normalize(builder.Configuration[nameof(EngineOptions.Engine)]))
        {
            case "process":
            case "auto" when AllowsNoIsolation(builder.Environment, builder.Configuration) && !IsNamed(builder.Configuration) && !Answers(builder.Configuration):
                builder.Services.AddProcessEngine();
                break;
            default:
                builder.Services.AddDockerEngine();
                break;
        }

        return builder;
    }

    /// <summary>The engine's name as compared; <c>auto</c> when none is given.</summary>
    internal static string Normalize(string? engine) => string.IsNullOrWhiteSpace(engine) ? "auto" : engine.Trim().ToLowerInvariant();

    /// <summary>Whether code may run without isolation: in Development only.</summary>
    internal static bool AllowsNoIsolation(IHostEnvironment environment, IConfiguration configuration) => environment.IsDevelopment()
        && !string.Equals(configuration["NODE_ENV"], Environments.Production, StringComparison.OrdinalIgnoreCase);

    /// <summary>The readiness probes and the way to the guests; shared by the engines.</summary>
    internal static IServiceCollection AddReadiness(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<PublishedPorts>();
        services.TryAddSingleton<LocalhostRelay>();
        services.TryAddSingleton<ProbeHttpClient>();
        services.TryAddSingleton<ReadinessWait>();
        services.TryAddSingleton<RunnerProbes>();
        services.TryAddSingleton<AddressConnector>();
        services.AddSingleton<IGuests, GuestClients>();
        return services;
    }

    // Code that was meant for a Docker must not run without isolation because that Docker is down.
    private static bool IsNamed(IConfiguration configuration) =>
        !string.IsNullOrWhiteSpace(configuration[$"{DockerOptions.Section}:{nameof(DockerOptions.Host)}"]);

    // At the start, once: the set of services has to be known before any of them is created.
    private static bool Answers(IConfiguration configuration)
    {
        var section = configuration.GetSection(DockerOptions.Section);
        var options = new DockerOptions
        {
            Host = section[nameof(DockerOptions.Host)],
            CertPath = section[nameof(DockerOptions.CertPath)],
            TlsVerify = DockerOptions.VerifiesTls(configuration) || (bool.TryParse(section[nameof(DockerOptions.TlsVerify)], out var verify) && verify),
        };
        try
        {
            return DockerEndpoint.Resolve(options) is { Scheme: "unix" } socket ? SocketAnswers(socket.LocalPath) : ClientAnswers(options);
        }
        catch (OptionsValidationException)
        {
            // Then Docker is meant, and its address is reported.
            return true;
        }
    }

    // A whole client for one call would take a fifth of the start's time.
    private static bool SocketAnswers(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.SendTimeout = socket.ReceiveTimeout = (int)LookLimit.TotalMilliseconds;
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Send("GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"u8);
            Span<byte> answer = stackalloc byte["HTTP/1.0 200".Length];
            var length = 0;
            while (length < answer.Length && socket.Receive(answer[length..]) is > 0 and var count)
            {
                length += count;
            }

            return answer.EndsWith(" 200"u8);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool ClientAnswers(DockerOptions options)
    {
        using var client = DockerEndpoint.CreateClient(options);
        using var limit = new CancellationTokenSource(LookLimit);
        try
        {
            Task.Run(() => client.System.PingAsync(limit.Token).WaitAsync(limit.Token)).GetAwaiter().GetResult();
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }
}
