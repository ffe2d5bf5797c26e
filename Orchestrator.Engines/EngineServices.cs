using System.ComponentModel.DataAnnotations;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orchestrator.Engines.Docker;
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
    /// Development while no Docker answers. A Docker that is down at the start does not stop it: calls fail with
    /// <see cref="Core.Engines.EngineUnavailableException"/> until it answers.
    /// </summary>
    /// <exception cref="OptionsValidationException">The configuration is wrong; the message names the key.</exception>
    public static IHostApplicationBuilder AddRunnerEngine(this IHostApplicationBuilder builder)
    {
        var docker = ReadDockerOptions(builder.Configuration);
        var development = builder.Environment.IsDevelopment();
        switch (builder.Configuration["Engine"]?.Trim().ToLowerInvariant())
        {
            case "docker":
            case null or "" or "auto" when !development || Answers(docker):
                builder.Services.AddDockerEngine(docker);
                break;
            case "process" when !development:
                throw Wrong("Engine", "Engine=process runs code without any isolation and is for Development only.");
            case null or "" or "auto" or "process":
                builder.Services.AddProcessEngine(builder.Configuration);
                break;
            default:
                throw Wrong("Engine", "Engine has to be docker, process or auto.");
        }

        return builder;
    }

    /// <summary>What asks runners whether they are ready; shared by the engines.</summary>
    internal static IServiceCollection AddReadiness(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<PublishedPorts>();
        services.TryAddSingleton<ProbeHttpClient>();
        services.TryAddSingleton<ReadinessWait>();
        services.TryAddSingleton<RunnerProbes>();
        return services;
    }

    private static DockerOptions ReadDockerOptions(IConfiguration configuration)
    {
        var options = configuration.GetSection(DockerOptions.Section).Get<DockerOptions>() ?? new DockerOptions();
        options.Host ??= configuration["DOCKER_HOST"];
        options.CertPath ??= configuration["DOCKER_CERT_PATH"];
        options.TlsVerify |= !string.IsNullOrEmpty(configuration["DOCKER_TLS_VERIFY"]);
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true))
        {
            throw Wrong(DockerOptions.Section, $"{DockerOptions.Section}: {string.Join(" ", problems.Select(p => p.ErrorMessage))}");
        }

        return options;
    }

    // At the start, once: which services there are has to be known before any of them is made.
    private static bool Answers(DockerOptions options) => DockerEndpoint.Resolve(options) is { Scheme: "unix" } socket
        ? SocketAnswers(socket.LocalPath)
        : ClientAnswers(options);

    // A whole client for one question would take a fifth of the time that a start has.
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
        using var limit = new CancellationTokenSource(LookLimit);
        using var client = DockerEndpoint.CreateClient(options);
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

    private static OptionsValidationException Wrong(string section, string message) => new(section, typeof(DockerOptions), [message]);
}
